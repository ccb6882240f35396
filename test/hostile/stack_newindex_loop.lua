-- expect: failed
-- message: contains '__newindex' chain too long; possible loop
function main() local t = {} setmetatable(t, {__newindex = t}) t.x = 1 end
