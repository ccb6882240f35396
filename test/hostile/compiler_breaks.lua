-- Each break is looked up among all labels that are open.
-- expect: refused or timed_out
-- limits: compile_ms=500 timeout_ms=400
-- generate: yes
return "function main() while true do " .. ("if a then break end "):rep(24000) .. "end end"
