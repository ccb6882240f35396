-- expect: failed or succeeded
-- limits: memory_kb=131072
local function f(e) return xpcall(f, f, e) end
function main() return (f()) end
