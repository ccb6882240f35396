-- expect: timed_out
function main() setmetatable({}, {__call = function() while true do end end})() end
