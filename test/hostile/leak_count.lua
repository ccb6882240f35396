-- The count of memory is the same at each beginning.
-- expect: succeeded
-- runs: 4
-- result: true
local at_first = collectgarbage("count")
function main()
  local now = collectgarbage("count")
  local t = {} for i = 1, 10000 do t[i] = {} end
  return math.abs(now - at_first) < 4
end
