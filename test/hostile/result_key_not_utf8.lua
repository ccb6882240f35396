-- expect: failed
-- message: contains a string that is not UTF-8 has no JSON form
function main() return {["\xff"] = 1} end
