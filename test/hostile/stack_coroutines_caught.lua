-- As deep as it goes, caught there, and again.
-- expect: timed_out
local function f() pcall(coroutine.wrap(f)) end
function main() while true do f() end end
