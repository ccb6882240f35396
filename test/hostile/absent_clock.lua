-- The clock begins with the invocation and tells milliseconds, no less.
-- expect: succeeded
-- runs: 3
-- result: true
function main()
  local first = os.clock()
  for i = 1, 100000 do
    local now = os.clock()
    if math.abs(now * 1000 - math.floor(now * 1000 + 0.5)) > 1e-6 then return now end
  end
  return first < 20 and os.time() % 1 == 0
end
