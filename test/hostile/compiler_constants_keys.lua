-- expect: succeeded
-- result: 30000
-- limits: memory_kb=65536
-- generate: yes
local t = {}
for i = 1, 30000 do t[i] = "k" .. i .. "=" .. i end
return "local t = {" .. table.concat(t, ",") .. "} function main() return t.k30000 end"
