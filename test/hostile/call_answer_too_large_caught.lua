-- expect: succeeded
-- result: [false,"not enough memory",1]
-- limits: memory_kb=1100
function main()
  local kept = ("x"):rep(300000)
  local ok, why = pcall(call, "large", "a")
  return {ok, why, call("echo", "a", #kept // #kept)}
end
