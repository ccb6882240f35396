-- expect: out_of_memory
-- limits: memory_kb=4096
function main() local s = ("x"):rep(100000) local t = {} for i = 1, 100 do t[i] = s end return #table.concat(t) end
