-- The top level fits, and is kept; each invocation then needs more.
-- expect: out_of_memory
-- limits: memory_kb=4096
-- runs: 3
local kept = ("x"):rep(3000000)
function main() return #(kept .. kept) end
