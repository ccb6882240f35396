-- expect: failed
-- message: contains format result too large
function main() return string.packsize(("c210000000"):rep(20)) end
