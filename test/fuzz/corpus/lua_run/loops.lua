function main(args) local s = 0 for i = 1, 10, 2 do s = s + i end for k, v in pairs(args) do s = s .. type(v) end repeat s = s .. "x" until #s > 20 while true do break end return s end
