-- expect: failed
-- message: handled
function main()
  local ok, why = xpcall(error, function(e) return call("echo", "a", "handled") end, "e")
  assert(not ok)
  error(why, 0)
end
