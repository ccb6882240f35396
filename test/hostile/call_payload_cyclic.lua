-- expect: failed
-- message: contains call_payload_cyclic.lua:6: payload
-- message: contains a table that contains itself has no JSON form
function main()
  local t = {} t.t = {t}
  return call("echo", "a", t)
end
