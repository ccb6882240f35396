-- One table, many times: small in memory, 2^40 items as JSON.
-- expect: failed
-- message: result: longer than 1048576 bytes as JSON
function main() local t = {1} for i = 1, 40 do t = {t, t} end return t end
