-- expect: any
-- bytecode: flip 150
-- limits: timeout_ms=300
local t = {1, 2.5, "text", nested = {true, false}}
local function sum(...) local n = 0 for _, v in ipairs({...}) do n = n + v end return n end
function main(args)
  local up = 0
  local function add(n) up = up + n return up end
  for i = 1, 10 do add(i) end
  return {sum(1, 2, 3), up, t.nested[1], ("x"):rep(3), pcall(add, {})}
end
