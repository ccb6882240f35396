-- expect: timed_out
function main() return #setmetatable({}, {__len = function() while true do end end}) end
