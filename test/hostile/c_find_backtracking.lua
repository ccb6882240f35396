-- Forty optional items against a text that lacks the last: 2^40 ways.
-- expect: timed_out
-- how: killed
-- message: timed out after 400 ms in a C function (worker killed)
function main() return (("a"):rep(40)):find(("a?"):rep(40) .. ("a"):rep(40) .. "b") end
