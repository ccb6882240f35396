-- Adds two numbers, by a plugin. In config.lua: Plugin "skeleton" { file = "skeleton.so" }
--
--   slcli create add -f examples/plugins/skeleton/add.lua
--   slcli run add -b -p '{"x": 1, "y": 2}'

function main(args)
	return call("skeleton", "add", {x = args.x, y = args.y})
end
