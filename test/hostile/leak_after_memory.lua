-- expect: out_of_memory
-- logs: contains clean
-- runs: 3
-- limits: memory_kb=4096
local runs = 0
function main()
  runs = runs + 1
  print(runs == 1 and left == nil and "clean" or "dirty")
  left = "secret"
  local t = {} while true do t[#t + 1] = {t} end
end
