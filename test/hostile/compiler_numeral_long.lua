-- A numeral of half a million digits is one number.
-- expect: succeeded
-- result: true
-- generate: yes
return "function main() return " .. ("9"):rep(400000) .. " > 1e300 end"
