-- expect: timed_out or out_of_memory
-- limits: memory_kb=131072 timeout_ms=3000
-- at_once: 8
-- Those that hold the most make way: who needs memory gets it.
function main()
  local kept = {}
  for i = 1, 100 do kept[i] = ("x"):rep(1 << 20) end
  return call("never", "a") or kept
end
