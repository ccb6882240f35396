-- Right-associative: each operator is one level deeper.
-- expect: refused
-- message: contains C levels
-- generate: yes
return "x = 1" .. ("^1"):rep(100000)
