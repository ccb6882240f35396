function main(args) return #string.rep("ab", 1 << 20, ",") + #table.concat(setmetatable({}, {__len = function() return 3 end, __index = function() return "x" end})) end
