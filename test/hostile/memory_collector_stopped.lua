-- What is garbage goes when there is no room, stopped or not.
-- expect: succeeded
-- limits: memory_kb=4096
-- result: true
function main()
  collectgarbage("stop")
  for i = 1, 200 do local s = ("x"):rep(1000):rep(1000) .. i end
  for i = 1, 200000 do local t = {i} end
  return true
end
