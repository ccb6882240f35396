-- expect: succeeded
-- result: "clock date difftime time"
function main()
  local names = {}
  for name in pairs(os) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, " ")
end
