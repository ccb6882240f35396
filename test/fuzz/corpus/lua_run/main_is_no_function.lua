main = 7
