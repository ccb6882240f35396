-- expect: succeeded
-- result: ["call_error_caught.lua:5: no","string",3]
function main()
  local ok, why = xpcall(function()
    call("fails no", "a")
  end, function(e) return {e, type(e)} end)
  assert(not ok)
  why[3] = call("echo", "a", 3)
  return why
end
