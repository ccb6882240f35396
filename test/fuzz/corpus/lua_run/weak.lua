function main(args) local w = setmetatable({}, {__mode = "kv"}) for i = 1, 100 do w[{}] = {} end collectgarbage() return next(w) end
