-- Three more arguments at each call, all copied each time.
-- expect: timed_out
-- limits: timeout_ms=400 memory_kb=131072
local function f(...) return f(1, 2, 3, ...) end
function main() return f() end
