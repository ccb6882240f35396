-- expect: failed
-- message: call_error_as_memory.lua:4: not enough memory
-- A plugin cannot make an invocation look as if it were out of memory.
function main() call("fails not enough memory", "a") end
