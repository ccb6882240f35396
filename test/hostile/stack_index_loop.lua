-- expect: failed
-- message: contains '__index' chain too long; possible loop
function main() local t = {} setmetatable(t, {__index = t}) t = setmetatable({}, getmetatable(t)) return t.x end
