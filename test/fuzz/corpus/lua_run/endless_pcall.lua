function main(args) while true do pcall(error) end end
