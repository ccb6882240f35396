-- expect: succeeded
-- result: [false,true,false,true,1048574]
function main()
  local deep, why_deep = pcall(call, "deep", "a")
  local broken, why_broken = pcall(call, "broken", "a")
  return {deep, why_deep:find("too deep") ~= nil, broken, why_broken:find("not valid JSON") ~= nil, #call("large", "a")}
end
