-- Greets whoever the payload names.
--
--   slcli create hello -f examples/hello.lua
--   slcli run hello -b -p examples/payload.json

function main(args)
	local name = args.name
	if name == nil then
		name = "World"
	end
	return "Hello " .. name
end
