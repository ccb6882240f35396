-- expect: failed
-- message: result: a table with both indices and strings as keys has no JSON form
function main() return {1, a = 2} end
