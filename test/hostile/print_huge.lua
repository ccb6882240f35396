-- expect: succeeded
-- limits: memory_kb=65536
-- logs: contains … (cut)
function main() local s = ("x"):rep(20000000) for i = 1, 20 do print(s, s, s) end end
