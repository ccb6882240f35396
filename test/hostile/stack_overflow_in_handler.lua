-- The handler runs on what is left of a stack that is full.
-- expect: succeeded
-- result: false
-- limits: memory_kb=131072
function main()
  local function deep() return 1 + deep() end
  return (xpcall(deep, function() return deep() end))
end
