-- expect: refused
-- message: contains too many registers
-- generate: yes
return "function main(a) return f(" .. ("a, "):rep(400) .. "a) end"
