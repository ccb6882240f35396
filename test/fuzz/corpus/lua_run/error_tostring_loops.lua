function main(args) error(setmetatable({}, {__tostring = function() while true do end end})) end
