-- expect: timed_out
function main() return ~setmetatable({}, {__bnot = function() while true do end end}) end
