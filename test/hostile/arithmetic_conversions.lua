-- expect: succeeded
-- result: [false,false,false,false,false]
function main()
  return {(pcall(function() return 1 << 1.5 end)), (pcall(function() return 2^63 | 0 end)), (pcall(function() return "1e400" | 0 end)),
          (pcall(string.rep, "x", 2^63)), (pcall(function() return 0/0 | 0 end))}
end
