-- expect: failed
-- message: contains pattern too complex
function main() return ("x"):rep(300000):match(("x?"):rep(300000)) end
