function main(args) return {1, nil, 3, x = 1} end
