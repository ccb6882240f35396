-- expect: succeeded
-- result: [1048574,false,"payload: longer than 1048576 bytes as JSON"]
function main()
  local full = ("x"):rep(1048576 - 2)
  local answer = call("echo", "a", full)
  local ok, why = pcall(call, "echo", "a", full .. "y")
  return {#answer, ok, why:match("payload.*")}
end
