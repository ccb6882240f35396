-- The same within little time: the compiler, or the worker that loads the constants, is ended.
-- expect: succeeded or refused or timed_out
-- limits: compile_ms=100 timeout_ms=50
-- generate: yes
local t = {}
for i = 1, 11000 do
  local text, n = {}, i
  for place = 1, 40 do
    text[place] = "a"
    if place % 2 == 1 then text[place], n = string.char(97 + n % 26), n // 26 end
  end
  t[i] = '"' .. table.concat(text) .. '"'
end
return "local t = {" .. table.concat(t, ",") .. "} function main() return #t end"
