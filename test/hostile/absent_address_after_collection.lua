-- Being shown keeps nothing alive, and no number is given twice.
-- expect: succeeded
-- limits: memory_kb=2048
-- result: true
function main()
  local seen = 0
  for i = 1, 50000 do seen = math.max(seen, tonumber(tostring({}):match("%d+"))) end
  local gone = setmetatable({}, {__mode = "k"})
  do local t = {} gone[t] = true tostring(t) end
  collectgarbage()
  return seen == 50000 and next(gone) == nil
end
