-- expect: succeeded
-- result: ["attempt to divide by zero","attempt to perform 'n%0'","bad argument #2 to 'fmod' (zero)"]
function main()
  local zero = 0
  local function why(f) return (select(2, pcall(f)):gsub("^.-:%d+: ", "")) end
  return {why(function() return 1 // zero end), why(function() return 1 % zero end), why(function() return (math.fmod(1, zero)) end)}
end
