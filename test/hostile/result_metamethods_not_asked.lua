-- Writing the result calls nothing: what a metatable says of pairs, length, index and text counts for nothing.
-- expect: succeeded
-- result: {"a":[],"b":{"x":1},"c":[1,2]}
local function never() error("asked") end
local mt = {__pairs = never, __len = never, __index = never, __tostring = never, __name = "x", __ipairs = never, __eq = never}
function main()
  return {a = array {}, b = setmetatable({x = 1}, mt), c = setmetatable({1, 2}, mt)}
end
