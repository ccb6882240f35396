-- expect: top_level_failed
-- Nor where the error that ends the top level is shown.
-- message: contains error object
error(setmetatable({}, {__tostring = function() return call("echo", "a", "shown") end}))
