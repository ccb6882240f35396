-- What is not text comes back as text.
-- expect: refused
-- message: contains :1:
-- generate: yes
return "x = \xff\xfe\x80 = "
