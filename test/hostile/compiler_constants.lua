-- More constants than an instruction can name: others name them.
-- expect: succeeded
-- result: 70000
-- limits: memory_kb=65536
-- generate: yes
local t = {}
for i = 1, 70000 do t[i] = i end
return "local t = {" .. table.concat(t, ",") .. "} function main() return t[70000] end"
