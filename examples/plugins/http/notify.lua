-- Tells a web hook about something, and answers with what it said.
--
--   Plugin "http" { file = "http.so", hosts = { "hooks.example.com" } }   in config.lua
--
--   slcli create notify -f examples/plugins/http/notify.lua
--   echo '{"url":"https://hooks.example.com/jobs","event":{"job":7}}' | slcli run notify -b -p -

function main(args)
	local answer = call("http", "post", { url = args.url, json = args.event })
	if answer.status >= 300 then
		error("the hook answered " .. answer.status)
	end
	return { status = answer.status, body = answer.body }
end
