-- No address in a text, whichever way it is made.
-- expect: failed
-- never: 0x[0-9a-f]{6}
-- never: [0-9a-f]{9}
-- logs: contains table: 
-- message: contains table: 
function main()
  local named = setmetatable({}, {__name = "Mine"})
  local values = {{}, function() end, print, coroutine.create(print), null, named, string.gmatch("", ""), pairs({})}
  for _, value in ipairs(values) do
    print(value, tostring(value), string.format("%s %q %-30s|%.60s", value, "x", value, value))
    print(select(2, pcall(error, value)), select(2, pcall(function() return value + 1 end)))
    print(select(2, pcall(function() return value .. "" end)), select(2, pcall(string.rep, value)))
    print(select(2, pcall(function() return #value < value end)), select(2, pcall(string.format, "%d", value)))
    print(select(2, pcall(table.concat, {value})), select(2, pcall(string.format, "%q", value)))
    print(select(2, pcall(setmetatable, value, 1)), select(2, pcall(ipairs)), select(2, pcall(coroutine.resume, value)))
    print(select(2, pcall(next, {}, value)))
  end
  error("at last " .. tostring(values))
end
