-- The error value has no text: making one never ends.
-- expect: timed_out
function main() error(setmetatable({}, {__tostring = function() while true do end end})) end
