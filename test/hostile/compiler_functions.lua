-- expect: refused
-- message: contains C levels
-- generate: yes
return ("function f() "):rep(30000) .. ("end "):rep(30000)
