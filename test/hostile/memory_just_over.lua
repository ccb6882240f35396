-- expect: out_of_memory
-- limits: memory_kb=4096
function main() return #("x"):rep(4096 * 1024) end
