-- expect: failed
-- message: contains too many elements to move
function main() table.move({}, math.mininteger, math.maxinteger, 1) end
