-- expect: succeeded
-- result: [1,null]
-- at_once: 20
-- runs: 3
-- What one invocation left in its globals, and in its string's metatable, while it waited.
local count = 0
function main()
  count = count + 1
  left = left or null
  local got = {count, left}
  left = "left"
  count = count + 1
  getmetatable("").left = "left"
  call("echo", "a")
  return got
end
