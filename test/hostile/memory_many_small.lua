-- expect: out_of_memory
-- limits: memory_kb=4096
function main() local t = {} for i = 1, math.huge do t[i] = "" .. i end end
