-- expect: succeeded
-- result: [{},null,1]
function main()
  local none = call("echo", "a")
  local arguments = {}
  for i = 1, 200 do arguments[i] = i end
  return {none, call("echo", "a", null) or null, call("echo", "a", table.unpack(arguments))}
end
