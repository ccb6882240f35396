-- Every other block is freed, then larger ones are wanted: the room lies in pieces.
-- expect: out_of_memory or succeeded
-- limits: memory_kb=16384
function main()
  for round = 1, 10 do
    local t = {}
    for i = 1, 8000 do t[i] = ("x"):rep(500 + round * 100 + i % 64) .. i end
    for i = 1, 8000, 2 do t[i] = nil end
    collectgarbage()
    for i = 1, 8000, 2 do t[i] = nil end
  end
  return 1
end
