-- The metatable hides __gc behind its own __index: the collector looks raw.
-- expect: succeeded
-- result: "quiet"
function main()
  local ran = "quiet"
  local mt = setmetatable({}, {__index = function(_, k) if k == "__gc" then return function() ran = "ran" end end end})
  for i = 1, 100 do setmetatable({}, mt) end
  collectgarbage()
  return ran
end
