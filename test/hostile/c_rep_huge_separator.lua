-- expect: failed
-- message: contains resulting string too large
function main() return string.rep("x", 1 << 42, ("y"):rep(1 << 21)) end
