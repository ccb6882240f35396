-- expect: failed
-- message: stack overflow
-- limits: memory_kb=131072
function main() return string.unpack(("b"):rep(2000000), ("x"):rep(2000000)) end
