-- expect: timed_out
-- limits: memory_kb=131072 timeout_ms=4000
-- at_once: 24
-- What each has used and freed before it waits is not kept for it: that many times as much is more than a worker may have.
function main()
  ("x"):rep(30 << 20)
  collectgarbage()
  return call("never", "a")
end
