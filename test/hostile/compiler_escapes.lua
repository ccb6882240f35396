-- expect: refused
-- message: contains UTF-8 value too large
-- generate: yes
return [[x = "\u{]] .. ("f"):rep(100000) .. [[}"]]
