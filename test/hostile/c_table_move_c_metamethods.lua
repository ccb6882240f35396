-- As before, but no Lua function is ever called. A call of a C function is enough for the hook.
-- expect: timed_out
function main()
  local lying = setmetatable({}, {__index = rawequal, __newindex = rawequal})
  table.move(lying, 1, math.maxinteger - 1, 2)
end
