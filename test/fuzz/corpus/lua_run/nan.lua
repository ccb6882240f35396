function main(args) return {0 / 0, 1 / 0} end
