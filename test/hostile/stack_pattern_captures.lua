-- expect: failed
-- message: contains too many captures
function main() return ("x"):rep(100):match(("(x)"):rep(40)) end
