-- expect: timed_out
-- how: killed
function main() return (("ab"):rep(2000)):match(("(.-)"):rep(12) .. "%1%2z") end
