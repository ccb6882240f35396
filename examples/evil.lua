-- Wants all the memory there is, and gets its limit:
--
--   slcli create evil -f examples/evil.lua -m 64M
--   slcli run evil -b

function main(args)
	local hoard = {}
	while true do
		hoard[#hoard + 1] = "evil"
	end
end
