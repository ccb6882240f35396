-- The coroutine that runs is another at each tick.
-- expect: timed_out
function main()
  local inner = coroutine.wrap(function() while true do coroutine.yield() end end)
  local outer = coroutine.wrap(function() while true do inner() coroutine.yield() end end)
  while true do outer() end
end
