-- expect: refused
-- message: contains too many upvalues
-- generate: yes
local t = {}
for f = 1, 3 do
  t[#t + 1] = "local function f" .. f .. "() "
  for i = 1, 120 do t[#t + 1] = "local v" .. f .. "_" .. i .. " = 1 " end
end
t[#t + 1] = "return function() return 1"
for f = 1, 3 do for i = 1, 120 do t[#t + 1] = " + v" .. f .. "_" .. i end end
return table.concat(t) .. " end end end end"
