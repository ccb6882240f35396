-- expect: succeeded
-- result: 20000
-- limits: memory_kb=65536
-- generate: yes
return "local t = {" .. ("function() end,"):rep(20000) .. "} function main() return #t end"
