-- A coroutine resumes the one that waits for it.
-- expect: succeeded
-- result: "cannot resume dead coroutine"
function main()
  local outer, why
  outer = coroutine.create(function()
    coroutine.wrap(function() why = select(2, coroutine.resume(outer)) end)()
  end)
  coroutine.resume(outer)
  return why
end
