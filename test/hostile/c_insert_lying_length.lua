-- The length wraps when one is added.
-- expect: succeeded
-- result: "bad argument #2 to '?' (position out of bounds)"
function main()
  local lying = setmetatable({}, {__len = function() return math.maxinteger end})
  return select(2, pcall(table.insert, lying, -5, "x"))
end
