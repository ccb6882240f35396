function main(args) print("\xff\xc0") error("\xff") end
