-- The collector runs all the time.
-- expect: timed_out
function main() repeat local t = {{}, {}} until false end
