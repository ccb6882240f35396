-- Neither pcall nor a coroutine around it helps: the process goes.
-- expect: timed_out
-- how: killed
function main()
  while true do
    pcall(coroutine.wrap(function() return (("a"):rep(3000)):gsub((".-"):rep(12) .. "b", "") end))
  end
end
