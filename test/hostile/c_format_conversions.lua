-- What C would take as a pointer to write to or read from.
-- expect: succeeded
-- result: [false,false,false,false]
function main()
  return {(pcall(string.format, "%n", 1)), (pcall(string.format, "%p", {})), (pcall(string.format, "%*d", 5, 1)),
          (pcall(string.format, "%ls", "x"))}
end
