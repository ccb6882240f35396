-- expect: timed_out
-- logs: contains … (cut)
function main() while true do print("flood") end end
