-- The error value itself is what takes the memory.
-- expect: out_of_memory
-- limits: memory_kb=4096
function main()
  local value = {}
  while true do local ok, e = pcall(error, {value}) value = e end
end
