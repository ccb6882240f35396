-- expect: failed
-- message: (error object is a nil value)
function main() error() end
