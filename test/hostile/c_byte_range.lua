-- expect: failed
-- message: contains string slice too long
-- limits: memory_kb=131072
function main() return ("x"):rep(2000000):byte(1, -1) end
