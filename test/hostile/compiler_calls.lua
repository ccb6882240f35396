-- expect: refused
-- message: contains C levels
-- generate: yes
return "x = " .. ("f("):rep(60000) .. (")"):rep(60000)
