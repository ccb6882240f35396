-- expect: timed_out
function main() return tostring(setmetatable({}, {__tostring = function() while true do end end})) end
