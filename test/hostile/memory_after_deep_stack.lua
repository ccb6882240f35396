-- A stack that once was as large as it can be leaves room to collect for a buffer.
-- expect: succeeded
-- limits: memory_kb=131072
-- result: 1600000000
local function down(n) if n > 0 then return 1 + down(n - 1) end return 0 end
function main()
  collectgarbage("stop")
  pcall(down, 180000)
  local sum = 0
  for i = 1, 40 do sum = sum + #("x"):rep(1000):rep(40000) end
  return sum
end
