-- expect: refused
-- message: contains :1:
-- generate: yes
return "x = 1 \0 y = 2"
