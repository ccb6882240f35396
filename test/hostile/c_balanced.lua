-- %b looks for a closing bracket from each opening one: n squared steps.
-- expect: timed_out
-- how: killed
function main() return (("("):rep(5000000)):find("%b()") end
