-- Each operator's metamethod loops, pcall goes on with the next.
-- expect: timed_out
local names = {"add", "sub", "mul", "div", "mod", "pow", "unm", "idiv", "band", "bor", "bxor", "shl", "shr", "bnot"}
local spin = function() local until_ = 0 while until_ < 1 do end end
local mt = {}
for _, name in ipairs(names) do mt["__" .. name] = spin end
local a = setmetatable({}, mt)
local operations = {
  function() return a + 1 end, function() return a - 1 end, function() return a * 1 end, function() return a / 1 end,
  function() return a % 1 end, function() return a ^ 1 end, function() return -a end, function() return a // 1 end,
  function() return a & 1 end, function() return a | 1 end, function() return a ~ 1 end, function() return a << 1 end,
  function() return a >> 1 end, function() return ~a end,
}
function main(args) for i = 1, #operations do pcall(operations[i]) end end
