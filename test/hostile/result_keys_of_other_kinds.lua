-- expect: failed
-- message: contains in JSON
function main() return {[1.5] = 1} end
