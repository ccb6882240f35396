-- expect: succeeded
-- runs: 3
-- payload: {"a":[1,2,3]}
-- result: {"a":[1,2,3]}
local before
function main(args)
  if before then return before end
  before = args
  local copy = {a = array {table.unpack(args.a)}}
  args.a[1] = "secret" args.b = "secret"
  return copy
end
