-- The length is a lie, the items come from a function.
-- expect: timed_out or out_of_memory
function main()
  return #table.concat(setmetatable({}, {__len = function() return math.maxinteger end, __index = function() return "" end}))
end
