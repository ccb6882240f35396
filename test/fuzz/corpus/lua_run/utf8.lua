function main(args) local t = {} for p, c in utf8.codes("aä€😀") do t[#t + 1] = c end return {t, utf8.char(228, 0x10FFFF), utf8.offset("aä", 2)} end
