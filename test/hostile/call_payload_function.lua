-- expect: failed
-- message: contains call_payload_function.lua:6: payload.f[2]
-- message: contains function
-- never: 0x[0-9a-f]{6}
function main()
  return call("echo", "a", {f = {1, print}})
end
