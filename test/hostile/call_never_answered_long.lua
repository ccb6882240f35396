-- expect: timed_out
-- message: timed out after 2600 ms
-- Longer than a worker may be silent when it has something to do.
-- limits: timeout_ms=2600
function main()
  return call("never", "a")
end
