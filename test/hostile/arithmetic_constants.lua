-- The same, folded by the compiler.
-- expect: succeeded
-- result: [-9223372036854775808,0,0,-9223372036854775808]
function main()
  return {(-9223372036854775807 - 1) // -1, (-9223372036854775807 - 1) % -1, 1 << 64, 0x7fffffffffffffff + 1}
end
