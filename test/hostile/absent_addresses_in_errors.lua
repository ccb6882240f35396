-- expect: failed
-- never: 0x[0-9a-f]{6}
-- message: (error object is a table value)
function main() error({}) end
