-- expect: refused
-- message: contains malformed number
-- generate: yes
return "x = 1" .. ("e1"):rep(100000)
