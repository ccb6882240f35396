-- expect: succeeded
-- result: [1,2]
-- No metamethod is asked while a payload is written, so it cannot change meanwhile.
function main()
  local asked = 0
  local t = setmetatable({1, 2}, {
    __index = function() asked = asked + 1 return call("never", "a") end,
    __len = function() asked = asked + 1 return 1000000 end,
    __pairs = function() asked = asked + 1 return next, {} end,
  })
  local got = call("echo", "a", t)
  assert(asked == 0)
  return got
end
