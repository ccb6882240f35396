-- Keeps a person in MongoDB, and returns the id that the person got.
--
--   Plugin "mongo" { file = "mongo.so", url = "mongodb://localhost", database = "people" }  -- in config.lua
--
--   slcli create insert_person -f examples/plugins/mongo/insert_person.lua
--   slcli run insert_person -b -p '{"name": "Ann", "age": 42}'

function main(args)
	return call('mongo', 'insert', {collection = 'people', data = {name = args.name, age = args.age}})
end
