-- expect: timed_out
local mt = {}
for _, name in ipairs {"add", "mod", "unm", "idiv", "band", "shl", "bnot"} do
  mt["__" .. name] = function() while true do end end
end
function main() local a = setmetatable({}, mt) return 1 + a end
