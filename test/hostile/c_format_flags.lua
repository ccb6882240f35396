-- expect: failed
-- message: contains invalid format (repeated flags)
function main() return string.format("%" .. ("0"):rep(1000) .. "d", 1) end
