-- expect: succeeded
-- result: [256,"\u0000","é"]
function main() return {#("\z
   " .. ("\0"):rep(255) .. "\x41"), "\000", "\u{e9}"} end
