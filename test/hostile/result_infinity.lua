-- expect: failed
-- message: result: infinity has no JSON form
function main() return -1/0 end
