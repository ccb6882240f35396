-- expect: timed_out
-- limits: memory_kb=131072 timeout_ms=4000
-- at_once: 60
-- What each has used and freed before it waits is not kept for it: sixty times as much is more than a worker may have.
function main()
  for _ = 1, 2 do ("x"):rep(30 << 20) collectgarbage() end
  return call("never", "a")
end
