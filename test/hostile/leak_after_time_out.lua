-- What was cut off in the middle leaves nothing either.
-- expect: timed_out
-- runs: 3
-- logs: contains clean
-- limits: timeout_ms=60
local runs = 0
function main()
  runs = runs + 1
  print(runs == 1 and left == nil and math.floor and "clean" or "dirty")
  left, math.floor = "secret", nil
  coroutine.wrap(function() table.sort({3, 2, 1}, function() while true do runs = runs + 1 end end) end)()
end
