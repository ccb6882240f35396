-- expect: refused or succeeded
-- limits: compile_ms=500
-- generate: yes
return "function main(a) if a then return 1 " .. ("elseif a then b() "):rep(25000) .. "end end"
