-- A seed set in one invocation, or at the top level, is not the next one's.
-- expect: succeeded
-- runs: 3
-- result: true
math.randomseed(1)
local first = math.random(1 << 60)
function main()
  local now = math.random(1 << 60)
  math.randomseed(1)
  return now ~= first and math.random(1 << 60) == first
end
