-- expect: failed
-- message: contains too many results to unpack
function main() return table.unpack({}, math.mininteger, math.maxinteger) end
