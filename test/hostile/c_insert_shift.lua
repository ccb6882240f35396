-- Shifts 2^62 items that do not exist.
-- expect: timed_out
-- how: killed
function main() table.insert(setmetatable({}, {__len = function() return 1 << 62 end}), 1, "x") end
