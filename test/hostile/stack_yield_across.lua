-- expect: failed
-- message: contains attempt to yield across a C-call boundary
function main() return coroutine.wrap(function() table.sort({3, 2, 1}, coroutine.yield) end)() end
