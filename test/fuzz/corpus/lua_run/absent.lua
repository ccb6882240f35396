function main(args) return {io, debug, package, require, load, loadstring, dofile, os.execute, string.dump} end
