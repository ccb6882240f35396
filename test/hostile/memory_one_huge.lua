-- expect: out_of_memory
function main() return #("x"):rep(1 << 30) end
