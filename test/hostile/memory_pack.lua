-- expect: out_of_memory or timed_out
-- limits: memory_kb=4096
function main() local t = {n = 0} while true do t = table.pack(t, table.unpack({}, 1, 1000)) end end
