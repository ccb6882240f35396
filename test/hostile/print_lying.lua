-- expect: failed
-- message: contains '__tostring' must return a string
function main() print(setmetatable({}, {__tostring = function() return {} end})) end
