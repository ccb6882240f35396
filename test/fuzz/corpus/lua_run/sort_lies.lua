function main(args) local t = {} for i = 1, 100 do t[i] = i * 7 % 13 end return pcall(table.sort, t, function() return true end) end
