-- 2^31 items that a function makes up.
-- expect: timed_out
function main()
  table.sort(setmetatable({}, {
    __len = function() return (1 << 31) - 2 end, __index = function(_, k) return k end, __newindex = rawequal}))
end
