-- Reads and writes go to Lua functions: the hook is seen there.
-- expect: timed_out
function main()
  local lying = setmetatable({}, {__index = function() return 1 end, __newindex = function() end})
  table.move(lying, 1, math.maxinteger - 1, 2)
end
