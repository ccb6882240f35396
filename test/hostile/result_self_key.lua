-- expect: failed
-- message: contains has no JSON form
function main() local t = {} t[t] = t return t end
