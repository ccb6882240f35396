-- expect: failed
-- message: result.a: a string that is not UTF-8 has no JSON form
function main() return {a = "\xc0\x80"} end
