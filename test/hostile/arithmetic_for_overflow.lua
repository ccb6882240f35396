-- In Lua 5.3 the counter wraps round: the loop never ends.
-- expect: timed_out
function main() for i = math.maxinteger - 2, math.maxinteger do end end
