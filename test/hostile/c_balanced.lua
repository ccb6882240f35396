-- %b looks for a closing bracket from each opening one: n squared steps.
-- expect: timed_out
-- how: killed
function main() return (("("):rep(1000):rep(5000)):find("%b()") end
