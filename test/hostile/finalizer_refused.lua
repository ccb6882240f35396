-- A finalizer would run with hooks off.
-- expect: failed
-- message: contains finalizers (__gc) are not supported
function main() setmetatable({}, {__gc = function() while true do end end}) collectgarbage() end
