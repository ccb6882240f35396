-- Each level has many fields that wait to be sorted while the first is being written.
-- expect: failed or out_of_memory
-- limits: memory_kb=131072
function main()
  local t = {}
  for level = 1, 20 do
    local outer = {a = t}
    for i = 1, 50000 do outer["k" .. i] = i end
    t = outer
  end
  return t
end
