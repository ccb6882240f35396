-- Half a million values on the stack, and garbage in the way of a buffer: it must still be collected.
-- expect: succeeded
-- limits: memory_kb=98304
-- result: 1200000000
local function work(...)
  collectgarbage("stop")
  local sum = 0
  for i = 1, 40 do sum = sum + #("x"):rep(1000):rep(30000) end
  return sum
end
function main() return (work(table.unpack({}, 1, 500000))) end
