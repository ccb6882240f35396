-- Nothing that is there turns a text into a function.
-- expect: failed
-- message: contains attempt to call a nil value
function main() return ("\27Lua"):dump() end
