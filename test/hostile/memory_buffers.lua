-- Buffers of the string library ask the allocator on their own.
-- expect: out_of_memory
-- limits: memory_kb=4096
function main() return #(("x"):rep(1000)):gsub("x", ("y"):rep(100000)) end
