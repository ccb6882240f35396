-- A length whose product with the count would wrap round to a small number.
-- expect: failed
-- message: contains resulting string too large
function main() return #string.rep(("x"):rep(1 << 20), 1 << 44) end
