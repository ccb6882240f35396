-- expect: timed_out
-- how: killed
function main() return (("a"):rep(3000)):match(("a*"):rep(20) .. "b") end
