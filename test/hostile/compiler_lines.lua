-- Half a million lines.
-- expect: failed
-- message: contains :500001: 
-- generate: yes
return ("\n"):rep(500000) .. "function main() error('here') end"
