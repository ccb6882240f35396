local n = 0
local function add() n = n + 1 return n end
function main(args) add() return {add(), add()} end
