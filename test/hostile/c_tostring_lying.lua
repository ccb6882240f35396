-- expect: failed
-- message: contains '__tostring' must return a string
function main() return tostring(setmetatable({}, {__tostring = function() return {} end})) end
