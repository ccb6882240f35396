-- expect: failed
-- message: result[2]: NaN has no JSON form
function main() return {1, 0/0} end
