-- expect: top_level_failed
-- message: call_top_level.lua:6: call() can be used in 'main', not while the file is loaded
-- logs: contains false
-- A coroutine does not help.
print(pcall(coroutine.wrap(function() return call("echo", "a") end)))
call("echo", "a")
function main() end
