-- expect: failed
-- message: contains behind
function main() error("before\0behind", 0) end
