-- expect: timed_out
-- at_once: 100
function main()
  while true do pcall(call, "echo", "a", {n = 1}) end
end
