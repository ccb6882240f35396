-- expect: timed_out or out_of_memory
-- limits: memory_kb=131072 timeout_ms=4000
-- at_once: 24
-- As call_garbage_many, with something small left above what is free.
function main()
  local kept, large = {}, {}
  for i = 1, 60 do large[i] = ("x"):rep(1 << 20) kept[i] = {} end
  large = nil
  collectgarbage()
  return call("never", "a") or kept
end
