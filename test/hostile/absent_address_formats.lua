-- expect: succeeded
-- result: ["table: 1","table: 1","table: 2 table: 1","  table: 1|","tab","function: 3","Mine: 4","null","100% table: 1"]
function main()
  local a, b = {}, {}
  local out = array {}
  local function put(text) out[#out + 1] = text end
  put(tostring(a)) put(tostring(a)) put(string.format("%s %s", b, a)) put(string.format("%10s|", a)) put(string.format("%.3s", a))
  put(tostring(main)) put(tostring(setmetatable({}, {__name = "Mine"}))) put(tostring(null)) put(string.format("%d%% %s", 100, a))
  return out
end
