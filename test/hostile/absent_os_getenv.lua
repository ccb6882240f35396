-- expect: failed
-- message: contains attempt to call a nil value (field 'getenv')
function main() return os.getenv("PATH") end
