-- expect: succeeded
-- result: [0,0,-9223372036854775808,1,0,0,2]
function main()
  return {1 << 64, 1 << math.maxinteger, 1 << 63, -1 >> 63, 1 >> 64, 1 << math.mininteger, 1 >> -1}
end
