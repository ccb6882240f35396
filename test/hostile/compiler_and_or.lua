-- expect: refused or succeeded
-- limits: compile_ms=500
-- generate: yes
return "function main(a) return 1 and (a" .. (" or a and a"):rep(40000) .. ") and 1 end"
