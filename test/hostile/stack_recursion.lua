-- expect: failed
-- message: contains stack overflow
-- limits: memory_kb=131072
local function f() return 1 + f() end
function main() return f() end
