x = 1
string.rep = nil
getmetatable("").__index = {}
function main(args) _G.print = nil math.random = 1 y = 2 string.format = nil setmetatable(_G, {__index = error}) return 1 end
