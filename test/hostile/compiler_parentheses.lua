-- expect: refused
-- message: contains C levels
-- generate: yes
return "x = " .. ("("):rep(100000) .. "1" .. (")"):rep(100000)
