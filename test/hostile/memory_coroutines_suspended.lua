-- Each has a stack and a frame.
-- expect: out_of_memory
-- limits: memory_kb=4096
function main()
  local t = {}
  while true do
    local c = coroutine.wrap(function() local a, b, c, d = {}, {}, {}, {} coroutine.yield() return a, b, c, d end)
    c()
    t[#t + 1] = c
  end
end
