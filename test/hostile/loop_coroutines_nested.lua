-- expect: timed_out
local function nest(depth)
  if depth == 0 then while true do end end
  return pcall(coroutine.wrap(function() return nest(depth - 1) end))
end
function main() return nest(50) end
