-- Lua's hash of strings of 32 to 40 bytes skips every other one. Of 40 bytes, counted from 1, it reads those at even
-- places. So strings that differ at odd ones alone all fall into one bucket of the table of strings, and each new one is compared with all.
-- expect: succeeded or refused or timed_out
-- limits: compile_ms=5000 timeout_ms=30000
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
