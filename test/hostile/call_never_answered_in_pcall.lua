-- expect: timed_out
-- at_once: 140
-- More than a worker has slots: those that are over make room for the rest, and each for the next run.
-- limits: timeout_ms=300
-- runs: 2
function main()
  while true do pcall(pcall, call, "never", "a") end
end
