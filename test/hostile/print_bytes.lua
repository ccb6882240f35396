-- expect: succeeded
-- logs: contains �
function main() print("\xff\0\x1b[31mred") print(("é"):rep(40000)) end
