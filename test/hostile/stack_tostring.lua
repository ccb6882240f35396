-- expect: failed
-- message: contains C stack overflow
local t
t = setmetatable({}, {__tostring = function() return string.format("%s", t) end})
function main() return tostring(t) end
