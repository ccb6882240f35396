function main(args) return {os.date("!%c", 0), os.time({year = 2000, month = 1, day = 1}), os.date("*t").year > 0} end
