-- expect: timed_out
-- limits: memory_kb=131072 timeout_ms=3000
-- A hundred megabytes while it waits: two of those fit into a worker.
function main()
  local kept = {}
  for i = 1, 100 do kept[i] = ("x"):rep(1 << 20) end
  return call("never", "a") or kept
end
