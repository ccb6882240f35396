-- expect: timed_out
-- traceback: contains in function 'main'
function main() coroutine.resume(coroutine.create(function() while true do end end)) end
