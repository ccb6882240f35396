-- The metatables behind null and array() are not to be had, so nothing can be left there.
-- expect: succeeded
-- runs: 3
-- result: ["array","null",false,false,[]]
function main()
  return {getmetatable(array {}), getmetatable(null), (pcall(setmetatable, array {}, {})), (pcall(rawset, null, 1, 1)), array {}}
end
