-- expect: failed
-- message: contains call_payload_deep.lua:8: payload
-- message: contains 64
function main()
  local t = {}
  for _ = 1, 63 do t = {t} end
  call("echo", "a", t)
  call("echo", "a", {t})
end
