-- expect: succeeded
-- runs: 3
-- result: [1,true,true,"1.50"]
function main()
  local seen = {math.floor(1.5), string.left == nil, getmetatable(string) == nil, string.format("%.2f", 1.5)}
  math.floor = function() return "secret" end
  string.left = "secret"
  string.format = function() return "secret" end
  setmetatable(string, {__index = function() return "secret" end})
  for name in pairs(table) do table[name] = nil end
  return seen
end
