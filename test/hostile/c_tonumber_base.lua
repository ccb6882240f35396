-- expect: succeeded
-- result: [false,false,null,-1]
function main()
  return {(pcall(tonumber, "1", 1)), (pcall(tonumber, "1", 1 << 40)), tonumber(("z"):rep(100000), 2) or null, tonumber(("f"):rep(100000), 16)}
end
