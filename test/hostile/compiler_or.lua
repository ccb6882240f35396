-- One jump for each `or`, all in one list that is walked from its head each time: minutes.
-- expect: refused
-- message: contains compiling took longer than
-- limits: compile_ms=500
-- generate: yes
return "function main(a) return a" .. (" or a"):rep(80000) .. " end"
