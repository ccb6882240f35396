-- A field is set to another value at each step, so the walk begins anew for ever.
-- expect: timed_out
function main() local t = {1} while true do local k repeat k = next(t, k) until not k end end
