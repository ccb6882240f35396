-- expect: failed
-- message: contains attempt to call a nil value (field 'execute')
function main() return os.execute("id") end
