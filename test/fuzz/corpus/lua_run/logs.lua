function main(args) for i = 1, 5000 do print(("line %d"):format(i)) end end
