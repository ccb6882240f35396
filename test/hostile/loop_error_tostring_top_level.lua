-- expect: timed_out
error(setmetatable({}, {__tostring = function() while true do end end}))
