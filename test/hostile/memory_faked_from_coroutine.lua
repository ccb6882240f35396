-- expect: failed
-- message: contains not enough memory
function main() coroutine.wrap(function() error("not enough memory", 0) end)() end
