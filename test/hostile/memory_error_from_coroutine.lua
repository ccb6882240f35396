-- The error comes out of a coroutine as a text, with a place before it.
-- expect: out_of_memory
-- limits: memory_kb=4096
function main()
  local inner = coroutine.wrap(function() coroutine.wrap(function() local t = {} while true do t = {t} end end)() end)
  inner()
end
