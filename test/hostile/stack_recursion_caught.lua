-- expect: timed_out
-- limits: timeout_ms=400 memory_kb=131072
local function f() return 1 + f() end
function main() while true do pcall(f) end end
