-- expect: timed_out
-- Calls without an end: each is answered at once, and none of the turns is long.
function main()
  while true do call("echo", "a", {n = 1}) end
end
