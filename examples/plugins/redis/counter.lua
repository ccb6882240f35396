-- Counts the visits of each name, in Redis. In config.lua: Plugin "redis" { file = "redis.so", url = "redis://localhost" }
--
--   slcli create counter -f examples/plugins/redis/counter.lua
--   slcli run counter -b -p '{"name": "Ada"}'

function main(args)
	return call("redis", "incr", {key = "visits/" .. (args.name or "nobody")})
end
