-- expect: out_of_memory
-- limits: memory_kb=4096
function main() collectgarbage("stop") local t = {} while true do t[#t + 1] = {} end end
