-- expect: succeeded or failed
-- A comparison that calls, and says anything: Lua may complain of it, and that is all.
function main()
  local list = {}
  for i = 1, 100 do list[i] = i end
  local n = 0
  table.sort(list, function(a, b)
    n = n + 1
    for i = 1, 3 do list[n % 100 + i] = n end
    return call("echo", "a", n % 3 == 0)
  end)
  return #list
end
