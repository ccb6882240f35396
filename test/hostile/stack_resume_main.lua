-- expect: succeeded
-- result: "cannot resume non-suspended coroutine"
function main() return select(2, coroutine.resume((coroutine.running()))) end
