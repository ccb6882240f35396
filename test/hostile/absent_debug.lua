-- expect: failed
-- message: contains attempt to index a nil value (global 'debug')
function main() return debug.getregistry() end
