function main(args) return xpcall(error, function() while true do end end) end
