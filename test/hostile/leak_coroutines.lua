-- A coroutine of the top level is where the top level left it.
-- expect: succeeded
-- runs: 3
-- result: [2,3,"suspended"]
local c = coroutine.create(function() for i = 1, 10 do coroutine.yield(i) end end)
coroutine.resume(c)
function main()
  local _, a = coroutine.resume(c)
  local _, b = coroutine.resume(c)
  return {a, b, coroutine.status(c)}
end
