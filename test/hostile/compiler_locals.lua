-- expect: refused
-- message: contains too many local variables
-- generate: yes
local t = {}
for i = 1, 300 do t[i] = "local v" .. i .. " = 1 " end
return table.concat(t)
