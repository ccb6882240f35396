-- The handler of another error runs out of memory.
-- expect: failed or out_of_memory
-- limits: memory_kb=4096
function main()
  local ok, e = xpcall(error, function() local t = {} while true do t = {t} end end)
  error(e, 0)
end
