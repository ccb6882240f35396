-- expect: succeeded
-- runs: 3
-- result: [true,true,3]
function main()
  local mt = getmetatable("")
  local seen = {mt.left == nil, mt.__index == string, ("abc"):len()}
  mt.left = "secret"
  mt.__index = function() return function() return "secret" end end
  mt.__add = function() return "secret" end
  return seen
end
