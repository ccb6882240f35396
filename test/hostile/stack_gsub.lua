-- Each level has a buffer on the C stack.
-- expect: failed
-- message: contains C stack overflow
local function f() return (string.gsub("x", "x", f)) end
function main() return f() end
