-- expect: failed
-- message: contains index out of range
function main() return select(math.mininteger, 1, 2, 3) end
