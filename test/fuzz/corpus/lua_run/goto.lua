function main(args) local i = 0 ::again:: i = i + 1 if i < 5 then goto again end return i end
