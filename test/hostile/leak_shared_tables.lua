-- The loaded-libraries table of the registry, upvalues of C functions, the table behind tostring: none can be written.
-- expect: succeeded
-- runs: 3
-- result: ["table: 1",true]
function main()
  local text = tostring({})
  for i = 1, 100 do tostring({}) end
  return {text, select("#", string.gmatch("", "")) == 1}
end
