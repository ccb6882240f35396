-- expect: timed_out
-- how: killed
function main() for _ in (("a"):rep(3000)):gmatch((".-"):rep(12) .. "b") do end end
