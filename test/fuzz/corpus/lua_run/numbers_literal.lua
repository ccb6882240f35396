function main(args) return {0x.8p1, 0xA, 1e-3, 3., .5, 0xffffffffffffffff, 9223372036854775808} end
