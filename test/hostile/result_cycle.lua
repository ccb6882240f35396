-- expect: failed
-- message: result.a.b: a table that contains itself has no JSON form
function main() local t = {a = {}} t.a.b = t return t end
