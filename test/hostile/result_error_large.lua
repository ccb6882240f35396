-- expect: failed
-- limits: memory_kb=65536
-- message: contains … (cut)
function main() error(("x"):rep(20000000), 0) end
