-- expect: failed
-- message: contains invalid UTF-8 code
function main() for p, c in utf8.codes("abc\xc3") do end end
