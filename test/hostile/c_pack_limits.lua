-- Sizes, alignments and positions at and beyond their bounds.
-- expect: succeeded
-- result: [false,false,false,false,false,true]
function main()
  return {(pcall(string.pack, "i17", 1)), (pcall(string.unpack, "i0", "x")), (pcall(string.unpack, "s8", ("\xff"):rep(8))),
          (pcall(string.unpack, "c10", "x")), (pcall(string.unpack, "b", "x", math.maxinteger)),
          (pcall(string.unpack, "z", "no end"))}
end
