-- Making the text of the error value needs too much.
-- expect: out_of_memory
-- limits: memory_kb=4096
function main() error(setmetatable({}, {__tostring = function() local t = {} while true do t = {t} end end})) end
