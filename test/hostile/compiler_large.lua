-- The largest source that is taken.
-- expect: succeeded
-- result: "1"
-- generate: yes
local head, tail = "--[[", "]] function main() return '1' end"
return head .. (" "):rep(512 * 1024 - #head - #tail) .. tail
