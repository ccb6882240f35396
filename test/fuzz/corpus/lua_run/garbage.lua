function main(args) collectgarbage("stop") collectgarbage("setpause", 0) local t for i = 1, 1e5 do t = {} end collectgarbage("step", 1e9) return collectgarbage("count") end
