-- What was allocated is kept, so there is never room again; the job goes on to its limit.
-- expect: timed_out or out_of_memory
-- limits: memory_kb=4096
local kept = {}
function main()
  while true do pcall(function() while true do kept = {kept} end end) end
end
