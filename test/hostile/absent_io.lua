-- expect: failed
-- message: contains attempt to index a nil value (global 'io')
function main() return io.open("/etc/passwd"):read("a") end
