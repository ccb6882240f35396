-- expect: failed
-- message: contains attempt to index a nil value (global 'package')
function main() return package.loadlib("libc.so.6", "system") end
