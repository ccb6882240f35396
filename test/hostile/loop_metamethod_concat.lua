-- expect: timed_out
function main() return setmetatable({}, {__concat = function() while true do end end}) .. "x" end
