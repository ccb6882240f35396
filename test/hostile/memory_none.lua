-- Not even the payload's table fits.
-- expect: out_of_memory
-- limits: memory_kb=0
function main() return 1 end
