-- Nothing, so many times that counting takes a century: no memory is ever asked for.
-- expect: timed_out
-- how: killed
function main() return #string.rep("", 1 << 62) end
