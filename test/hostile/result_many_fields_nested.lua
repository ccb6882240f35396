-- Each level has many fields that wait to be sorted while the first is being written: more than Lua's stack holds, and more than
-- a result may have.
-- expect: failed
-- message: result: longer than 1048576 bytes as JSON
-- limits: memory_kb=131072
function main()
  local t = {}
  for level = 1, 20 do
    local outer = {a = t}
    for i = 1, 50000 do outer["k" .. i] = 1 end
    t = outer
  end
  return t
end
