-- expect: failed
-- message: from the handler
-- An error object whose text is a plugin's answer.
function main()
  error(setmetatable({}, {__tostring = function() return call("echo", "a", "from the handler") end}))
end
