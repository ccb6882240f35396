-- expect: timed_out
-- how: killed
function main() table.remove(setmetatable({}, {__len = function() return 1 << 62 end}), 1) end
