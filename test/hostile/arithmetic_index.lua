-- Keys at the edges of what an array part can be.
-- expect: succeeded
-- result: [true,false,false,3]
function main()
  local t = {1, 2, 3}
  t[math.maxinteger], t[math.mininteger], t[2^53], t[-0.0], t[1 << 31], t[1 << 32] = 1, 2, 3, 4, 5, 6
  return {t[0] == 4, (pcall(function() t[0/0] = 1 end)), (pcall(function() t[nil] = 1 end)), #t}
end
