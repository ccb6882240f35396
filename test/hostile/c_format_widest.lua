-- expect: succeeded
-- result: [99,410,99]
function main()
  return {#string.format("%99d", 1), #string.format("%99.99f", -1.7e308), #string.format("%-99s", "x")}
end
