-- expect: out_of_memory
-- limits: memory_kb=4096
function main() local f = function() end while true do local before = f f = function() return before end end end
