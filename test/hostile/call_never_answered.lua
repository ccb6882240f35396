-- expect: timed_out
-- message: timed out after 400 ms
-- logs: contains before
-- traceback: contains call_never_answered.lua:9: in
-- limits: timeout_ms=400
-- runs: 3
function main()
  print("before")
  call("never", "a")
  print("after")
end
