-- An action that uses the plugin. ./try creates and runs it.

function main(args)
	return call("@NAME@", "add", {x = args.x, y = args.y})
end
