-- So many calls of a plugin, one after another.
function main(args)
	local x = 0
	for _ = 1, args.calls do
		x = call("skeleton", "add", { x = x, y = 1 })
	end
	return x
end
