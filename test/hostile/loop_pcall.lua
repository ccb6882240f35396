-- pcall sees errors; a time limit is none.
-- expect: timed_out
function main() while true do pcall(function() while true do end end) end end
