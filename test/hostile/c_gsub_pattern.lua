-- expect: timed_out
-- how: killed
function main() return (("a"):rep(3000)):gsub((".-"):rep(12) .. "b", "") end
