-- expect: failed
-- message: result.f: a function has no JSON form
function main() return {f = print} end
