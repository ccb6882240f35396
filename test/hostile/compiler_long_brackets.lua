-- A long string that almost ends everywhere: each candidate is scanned to its end.
-- expect: refused
-- message: contains unfinished long string
-- generate: yes
local level = ("="):rep(700)
return "x = [" .. level .. "[" .. ("]" .. level:sub(2)):rep(700)
