-- expect: succeeded
-- result: [false,"cannot resume non-suspended coroutine"]
function main()
  local c
  c = coroutine.create(function() return coroutine.resume(c) end)
  local _, ok, why = coroutine.resume(c)
  return {ok, why}
end
