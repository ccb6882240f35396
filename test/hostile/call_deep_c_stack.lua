-- expect: succeeded
-- result: "deep"
-- at_once: 60
-- Through as many C functions as Lua allows, each with a buffer on the stack; there all of them wait at once.
local function down(depth)
  local deeper
  local ok = pcall(string.gsub, "x", ".", function() deeper = down(depth + 1) end)
  if ok and deeper then return deeper end
  return pcall(call, "echo", "a", depth) and depth or nil
end
function main()
  local reached = down(1)
  return reached and reached > 50 and "deep" or reached
end
