-- __name is text of the author's, and no more.
-- expect: succeeded
-- logs: contains table: 2
-- never: 0x[0-9a-f]{6}
function main()
  print(setmetatable({}, {__name = ("%s%p"):rep(1000)}))
  print(setmetatable({}, {__name = 1}))
end
