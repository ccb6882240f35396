-- expect: failed
-- message: result: a coroutine has no JSON form
function main() return coroutine.create(print) end
