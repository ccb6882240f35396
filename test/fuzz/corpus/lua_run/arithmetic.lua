function main(args) return {7 // 2, -7 % 3, 2 ^ 0.5, 1 << 62, ~0, 5 & 3 | 8, 7.5 // 2, 1e308 * 10 > 0} end
