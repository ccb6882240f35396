-- Six bytes of JSON for each byte.
-- expect: failed
-- message: result: longer than 1048576 bytes as JSON
function main() return ("\0"):rep(1000000) end
