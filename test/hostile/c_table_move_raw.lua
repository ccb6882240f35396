-- expect: timed_out
-- how: killed
function main() table.move({}, 1, math.maxinteger - 1, 2, {}) end
