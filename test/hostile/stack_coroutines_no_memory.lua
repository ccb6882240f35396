-- No memory is left for the text "C stack overflow", which Lua makes outside of protection: it once jumped over all the
-- coroutines that had resumed one another, and the next tick wrote where their stack had been.
-- expect: timed_out or failed or out_of_memory
-- limits: timeout_ms=600 memory_kb=512
local function f(kept)
  pcall(function() while true do kept = {kept} end end)
  pcall(coroutine.wrap(f), kept)
end
function main()
  for i = 1, 1000 do
    pcall(f)
    local t = {}
    for n = 1, 1000 do t[n] = n end
  end
  while true do end
end
