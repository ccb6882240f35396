-- Little code, many strings: lengths and types are what is hit.
-- expect: any
-- bytecode: flip 150
-- limits: timeout_ms=300
local words = {"alpha", "beta", "gamma", "delta", ("x"):rep(100), 1, 2.5, -1, 1 << 40, true, false, "a longer string than forty bytes, which is not interned"}
function main() return #words end
