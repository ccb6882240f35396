-- Three million signs are more than a source may have.
-- expect: refused
-- message: contains the limit is 524288
-- generate: yes
return "x = [" .. ("="):rep(3000000) .. "[" .. "]" .. ("="):rep(3000000) .. "]"
