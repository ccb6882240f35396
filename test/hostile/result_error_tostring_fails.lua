-- expect: failed
-- message: (error object without a readable form)
function main() error(setmetatable({}, {__tostring = function() error("again") end})) end
