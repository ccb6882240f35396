-- expect: timed_out
-- message: contains timed out after 400 ms
function main() while true do end end
