-- Mostly in short C functions: the hook finds its moment between them.
-- expect: timed_out
function main() local s = ("x"):rep(1000) while true do s:upper():lower():reverse():find("y", 1, true) end end
