-- __gc that is set after setmetatable is never looked at.
-- expect: succeeded
-- result: "quiet"
function main()
  local ran = "quiet"
  local mt = {}
  for i = 1, 100 do setmetatable({}, mt) end
  mt.__gc = function() ran = "ran" while true do end end
  collectgarbage() collectgarbage()
  return ran
end
