-- expect: timed_out
-- message: timed out after 400 ms
function main()
  error(setmetatable({}, {__tostring = function() return call("never", "a") end}))
end
