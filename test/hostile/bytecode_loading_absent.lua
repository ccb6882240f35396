-- expect: succeeded
-- result: []
function main()
  local there = array {}
  for _, name in ipairs {"load", "loadstring", "loadfile", "dofile", "require", "newproxy", "module", "setfenv", "getfenv"} do
    if _G[name] ~= nil then there[#there + 1] = name end
  end
  if string.dump or ("").dump or math.dump then there[#there + 1] = "dump" end
  return there
end
