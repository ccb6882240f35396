-- Limits that are clipped, and steps that lead past them at once.
-- expect: succeeded
-- result: [0,0,0,1]
function main()
  local counts = {0, 0, 0, 0}
  for i = math.maxinteger, math.mininteger do counts[1] = counts[1] + 1 end
  for i = 1, -math.huge do counts[2] = counts[2] + 1 end
  for i = 1, 0/0 do counts[3] = counts[3] + 1 end
  for i = 1, 1.5 do counts[4] = counts[4] + 1 end
  return counts
end
