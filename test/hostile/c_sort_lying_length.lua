-- expect: failed
-- message: contains array too big
function main() table.sort(setmetatable({}, {__len = function() return math.maxinteger end})) end
