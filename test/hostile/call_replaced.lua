-- expect: succeeded
-- result: ["own",5,"cannot resume dead coroutine"]
-- `call` is a global as others are: who replaces it has replaced it, for this invocation.
-- runs: 2
function main()
  local original = call
  assert(type(original) == "function")
  call = function() return "own" end
  local got = {call("echo", "a")}
  local wrapped = coroutine.wrap(original)
  got[2] = wrapped("echo", "a", 5)
  got[3] = select(2, pcall(wrapped, "echo", "a"))
  call = nil
  return got
end
