-- expect: timed_out
function main() print(setmetatable({}, {__tostring = function() while true do end end})) end
