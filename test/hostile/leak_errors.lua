-- The message and traceback of the run before are gone.
-- expect: failed
-- runs: 3
-- never: again
-- message: contains first
local told = "first"
function main() local now = told told = "again" error(now) end
