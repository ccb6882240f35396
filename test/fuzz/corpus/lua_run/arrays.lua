function main(args) return {array({}), {}, args[2], array({1, 2})} end
