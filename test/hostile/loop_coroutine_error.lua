-- expect: timed_out
function main()
  while true do
    coroutine.resume(coroutine.create(function() error(setmetatable({}, {})) end))
  end
end
