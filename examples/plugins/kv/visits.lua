-- Counts the visits of each name, and keeps the last three who came, without any server. In config.lua:
-- Plugin "kv" { path = "/var/lib/sluice/kv.db" }
--
--   slcli create visits -f examples/plugins/kv/visits.lua
--   slcli run visits -b -p '{"name": "Ada"}'

-- Changes what `key` holds by a function, whoever else does so at the same time.
local function change(key, by)
	local now = call("kv", "get", {key = key}) or {}
	while true do
		local value = by(now.value)
		local done = call("kv", "set", {key = key, value = value, if_version = now.version or 0})
		if not done.conflict then return value end
		now = done
	end
end

function main(args)
	local name = args.name or "nobody"
	local visits = call("kv", "incr", {key = "visits/" .. name}).value
	local last = change("last", function(names)
		names = names or {}
		table.insert(names, 1, name)
		names[4] = nil
		return names
	end)
	return {visits = visits, last = last}
end
