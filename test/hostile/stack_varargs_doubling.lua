-- expect: failed
-- message: contains too many results to unpack
-- limits: memory_kb=131072
local function g(n, ...) if n > 30 then return n end local t = {...} for i = 1, #t do t[#t + 1] = t[i] end return g(n + 1, table.unpack(t)) end
function main() return g(1, 1, 2, 3) end
