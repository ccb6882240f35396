-- expect: refused
-- message: contains C levels
-- generate: yes
return "x = " .. ("not "):rep(100000) .. "1"
