-- expect: refused
-- message: contains C levels
-- generate: yes
return "x = a" .. ("..a"):rep(100000)
