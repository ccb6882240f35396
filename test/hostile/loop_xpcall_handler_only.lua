-- The handler of a plain error never returns.
-- expect: timed_out
function main() xpcall(error, function() while true do end end) end
