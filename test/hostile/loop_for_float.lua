-- Adding 1 changes nothing beyond 2^53.
-- expect: timed_out
function main() for i = 2^53, 2^54 do end end
