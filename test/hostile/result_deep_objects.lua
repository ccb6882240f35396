-- expect: failed
-- message: contains nested deeper than 64 levels
-- limits: memory_kb=65536
function main() local t = {} for i = 1, 200000 do t = {k = t} end return t end
