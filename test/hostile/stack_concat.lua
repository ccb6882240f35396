-- expect: failed
-- message: contains C stack overflow
local t = setmetatable({}, {})
getmetatable(t).__concat = function(a, b) return a .. b end
function main() return t .. t end
