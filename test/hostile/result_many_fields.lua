-- expect: failed
-- message: contains longer than 1048576 bytes
-- limits: memory_kb=65536
function main() local t = {} for i = 1, 300000 do t["k" .. i] = i end return t end
