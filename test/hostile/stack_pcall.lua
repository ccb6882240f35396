-- expect: failed or succeeded
-- limits: memory_kb=131072
local function f() return pcall(f) end
function main() return f() end
