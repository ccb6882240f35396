-- expect: succeeded
-- runs: 3
-- result: [1,1,1]
local count, list = 0, {}
local function counter() local n = 0 return function() n = n + 1 return n end end
local closure = counter()
function main() count = count + 1 list[#list + 1] = "secret" return {count, #list, closure()} end
