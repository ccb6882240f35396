-- expect: timed_out
-- how: killed
function main() return (("a"):rep(4000)):find(("%f[a]a*"):rep(1) .. (".-"):rep(12) .. "z") end
