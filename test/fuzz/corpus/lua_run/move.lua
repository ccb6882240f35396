function main(args) return #table.move({1, 2, 3}, 1, 3, 5, {}) + select("#", table.unpack({}, 1, 200)) end
