-- Weak tables in long chains, which a collector has to walk again and again.
-- expect: out_of_memory or timed_out
-- limits: timeout_ms=2000 memory_kb=16384
function main()
  local t = setmetatable({}, {__mode = "k"})
  local last = {}
  while true do local k = {} t[k] = last last = k t[last] = k end
end
