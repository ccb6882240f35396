-- Coroutines share the count of C levels, and the C stack.
-- expect: failed
-- message: contains C stack overflow
local function f() return coroutine.wrap(function() return (string.gsub("x", "x", f)) end)() end
function main() return f() end
