-- expect: failed
-- message: contains attempt to call a nil value (global 'require')
function main() return require("os") end
