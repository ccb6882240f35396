-- expect: timed_out
-- limits: memory_kb=4096
function main()
  while true do pcall(function() local t = {} while true do t = {t} end end) end
end
