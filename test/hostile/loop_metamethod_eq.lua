-- expect: timed_out
local mt = {__eq = function() while true do end end}
function main() return setmetatable({}, mt) == setmetatable({}, mt) end
