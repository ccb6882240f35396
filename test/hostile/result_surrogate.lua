-- expect: failed
-- message: result: a string that is not UTF-8 has no JSON form
function main() return "\xed\xa0\x80" end
