-- expect: failed
-- message: contains C stack overflow
local function f() table.sort({1, 2, 3}, f) end
function main() f() end
