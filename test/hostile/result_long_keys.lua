-- Keys that differ at their ends: comparing two reads them whole.
-- expect: failed
-- message: contains longer than 1048576 bytes
-- limits: memory_kb=131072
function main()
  local head, t = ("x"):rep(100000), {}
  for i = 1, 800 do t[head .. i] = i end
  return t
end
