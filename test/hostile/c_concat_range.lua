-- 2^63 items, of which the first is missing.
-- expect: failed
-- message: contains invalid value (nil) at index 1
function main() return #table.concat({}, "", 1, math.maxinteger) end
