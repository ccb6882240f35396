-- A chain of tables that ask the next one: Lua follows so many and no more.
-- expect: failed
-- message: contains '__index' chain too long; possible loop
function main()
  local t = {}
  for i = 1, 5000 do t = setmetatable({}, {__index = t}) end
  return t.x
end
