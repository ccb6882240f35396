-- A coroutine hands over nearly a million values, to one that has as many.
-- expect: failed
-- message: contains too many results
-- limits: memory_kb=131072
function main()
  local c = coroutine.wrap(function() return table.unpack({}, 1, 900000) end)
  return (function(...) return c() end)(table.unpack({}, 1, 200000))
end
