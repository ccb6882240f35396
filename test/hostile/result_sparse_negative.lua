-- expect: failed
-- message: contains lower indices have no JSON form
function main() return {[math.mininteger] = 1} end
