-- expect: failed
-- message: contains C stack overflow
local function f() return coroutine.wrap(f)() end
function main() return f() end
