-- Fetches a page and answers with its title.
--
--   Plugin "http" { file = "http.so", hosts = { "*.wikipedia.org" } }     in config.lua
--
--   slcli create fetch_title -f examples/plugins/http/fetch_title.lua
--   echo '{"url":"https://en.wikipedia.org/wiki/Sluice"}' | slcli run fetch_title -b -p -

function main(args)
	local ok, page = pcall(call, "http", "get", { url = args.url, timeout_ms = 5000 })
	if not ok then
		-- The host is not listed, does not answer, has no valid certificate, …
		return { url = args.url, error = page }
	end
	if page.status ~= 200 then
		return { url = page.url, error = "status " .. page.status }
	end
	local title = (page.body or ""):match("<[Tt][Ii][Tt][Ll][Ee][^>]*>%s*(.-)%s*</")
	return { url = page.url, title = title or "(none)" }
end
