-- A numeric loop without a body is one instruction.
-- expect: timed_out
function main() for i = 1, math.maxinteger do end end
