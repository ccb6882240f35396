-- Without __le, Lua 5.3 asks `not (b < a)`.
-- expect: timed_out
local mt = {__lt = function() while true do end end}
function main() return setmetatable({}, mt) <= setmetatable({}, mt) end
