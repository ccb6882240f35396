-- expect: out_of_memory
-- limits: memory_kb=4096
function main() local t = {} while true do t[#t + 1] = coroutine.create(main) end end
