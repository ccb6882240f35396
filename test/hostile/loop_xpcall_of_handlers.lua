-- Handlers inside handlers, until there is no stack, again and again.
-- expect: timed_out
local function handler() return xpcall(error, handler) end
function main() while true do xpcall(error, handler) end end
