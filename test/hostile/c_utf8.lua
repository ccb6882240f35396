-- Broken sequences, positions out of range, code points beyond Unicode.
-- expect: succeeded
-- result: [null,true,false,false,false,false]
function main()
  return {utf8.len("\xff") or null, (pcall(utf8.codepoint, "\xed\xa0\x80\xf8")), (pcall(utf8.char, -1)), (pcall(utf8.char, 1 << 31)),
          (pcall(utf8.offset, "x", 1, math.maxinteger)), (pcall(utf8.codepoint, "x", math.mininteger, math.maxinteger))}
end
