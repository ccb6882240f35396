-- expect: failed
-- message: contains too many results to unpack
function main() return table.unpack({}, 1, 1 << 30) end
