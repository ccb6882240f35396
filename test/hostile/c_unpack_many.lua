-- Just below what Lua's stack holds, over and over.
-- expect: timed_out or out_of_memory
-- limits: timeout_ms=400 memory_kb=65536
function main() while true do select("#", table.unpack({}, 1, 900000)) end end
