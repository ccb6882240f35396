-- expect: timed_out
function main() while true do collectgarbage("step", math.maxinteger) collectgarbage() end end
