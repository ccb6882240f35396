-- Whoever catches the error may go on, with what the collector then frees.
-- expect: succeeded
-- limits: memory_kb=4096
-- runs: 3
-- result: 20
function main()
  local caught = 0
  for i = 1, 20 do
    local ok, e = pcall(function() local t = {} while true do t = {t} end end)
    if not ok and e == "not enough memory" then caught = caught + 1 end
  end
  return caught
end
