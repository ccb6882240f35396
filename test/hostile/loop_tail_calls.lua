-- expect: timed_out
local function f() return f() end
function main() return f() end
