-- expect: succeeded
-- limits: memory_kb=65536
-- logs: contains … (cut)
function main() print(table.unpack({}, 1, 200000)) end
