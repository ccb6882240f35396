-- The comparison empties the table that is being sorted.
-- expect: succeeded or failed
function main()
  local t = {}
  for i = 1, 1000 do t[i] = i end
  return pcall(table.sort, t, function(a, b)
    for i = 1, #t do t[i] = nil end
    collectgarbage()
    return (a or 0) < (b or 0)
  end)
end
