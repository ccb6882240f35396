-- expect: failed
-- message: contains attempt to call a nil value (field 'exit')
function main() os.exit(0) end
