-- The message does not repeat the source.
-- expect: refused
-- message: contains near
-- generate: yes
return "x = " .. ("y"):rep(500000) .. " z z"
