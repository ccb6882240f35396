-- A constructor that names its size.
-- expect: out_of_memory
-- limits: memory_kb=4096
function main() return #table.pack(table.unpack({}, 1, 200000)), #table.pack(table.unpack({}, 1, 200000)) end
