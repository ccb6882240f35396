function main(args) while true do end end
