-- expect: failed
-- message: contains bad argument
function main() return string.format(("%d"):rep(100000), 1) end
