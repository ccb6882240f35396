-- expect: failed
-- message: contains resulting string too large
function main() return string.rep("x", math.maxinteger) end
