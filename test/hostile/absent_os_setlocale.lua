-- expect: failed
-- message: contains attempt to call a nil value (field 'setlocale')
function main() return os.setlocale("") end
