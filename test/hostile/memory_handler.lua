-- A message handler is not called for memory errors, and could not hide one.
-- expect: out_of_memory
-- limits: memory_kb=4096
function main()
  local ok, e = xpcall(function() local t = {} while true do t = {t} end end, function() return "nothing happened" end)
  error(e, 0)
end
