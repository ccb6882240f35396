-- The words alone are no outcome.
-- expect: failed
-- message: not enough memory
function main() error("not enough memory", 0) end
