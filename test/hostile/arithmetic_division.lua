-- What traps on the processor if done naively.
-- expect: succeeded
-- result: [-9223372036854775808,0,-9223372036854775808,0,true,true]
function main()
  local least, minus_one = math.mininteger, -1
  return {least // minus_one, least % minus_one, -least, math.fmod(least, minus_one), 1 // 0.0 == math.huge, 0/0 ~= 0/0}
end
