function main(args) local t = {} t.t = t return t end
