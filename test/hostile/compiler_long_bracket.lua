-- Half a million signs before a bracket that is never there.
-- expect: refused
-- message: contains invalid long string delimiter
-- generate: yes
return "x = [" .. ("="):rep(500000)
