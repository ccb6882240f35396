-- expect: refused
-- message: contains C levels
-- generate: yes
return ("do "):rep(60000) .. ("end "):rep(60000)
