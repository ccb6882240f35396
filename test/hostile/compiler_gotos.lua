-- Thirty thousand jumps to a label at the end.
-- expect: refused
-- limits: compile_ms=300
-- generate: yes
local t = {}
for i = 1, 16000 do t[i] = "do goto l" .. i .. " end " end
for i = 1, 16000 do t[#t + 1] = "::l" .. i .. ":: " end
return "function main() " .. table.concat(t) .. "end"
