-- expect: failed
-- message: contains an array with holes has no JSON form
function main() return {[1] = 1, [1 << 40] = 2} end
