-- expect: failed
-- message: result: longer than 1048576 bytes as JSON
-- limits: memory_kb=65536
function main() return ("x"):rep(20000000) end
