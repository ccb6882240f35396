function main(args) local s = string.pack("<i4z>s2d!8xXi8", 7, "a", "bc", 1.5) return {#s, string.unpack("<i4z", s)} end
