-- Never the same coroutine twice: a hook on the one that is gone says nothing.
-- expect: timed_out
function main() while true do coroutine.wrap(function() end)() end end
