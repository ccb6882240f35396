-- expect: out_of_memory
-- message: memory limit of 4096 KB exceeded
-- limits: memory_kb=4096
function main() local s = "x" while true do s = s .. s end end
