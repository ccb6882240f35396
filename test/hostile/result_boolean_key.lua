-- expect: failed
-- message: result: a boolean cannot be a key in JSON
function main() return {[true] = 1} end
