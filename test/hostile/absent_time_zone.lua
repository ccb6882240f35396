-- Where the server is cannot be told from its clock.
-- expect: succeeded
-- result: [true,true,"1970-01-01 00:00:00"]
function main()
  local now = os.time()
  return {os.time(os.date("*t", now)) == now, os.date("%H", now) == os.date("!%H", now), os.date("%Y-%m-%d %H:%M:%S", 0)}
end
