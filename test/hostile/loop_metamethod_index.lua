-- expect: timed_out
function main() return setmetatable({}, {__index = function() while true do end end}).x end
