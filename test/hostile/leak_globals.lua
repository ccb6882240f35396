-- expect: succeeded
-- runs: 3
-- result: [true,true,true]
function main()
  local seen = {left == nil, _G.print == print, rawget(_G, "secret") == nil}
  left, secret = "secret", "secret"
  print = nil
  setmetatable(_G, {__index = function() return "secret" end, __newindex = function() end})
  return seen
end
