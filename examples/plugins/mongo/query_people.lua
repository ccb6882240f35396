-- Who is older than `args.age` (50 where it is not given).
--
--   slcli create query_people -f examples/plugins/mongo/query_people.lua
--   slcli run query_people -b

function main(args)
	return call('mongo', 'query', {collection = 'people', query = {age = {['$gt'] = args.age or 50}}})
end
