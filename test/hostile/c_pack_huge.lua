-- expect: out_of_memory
function main() return #string.pack("c2147483647", "x") end
