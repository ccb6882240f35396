-- wrk script: POSTs a small payload to the path wrk was given, and reports as one line of JSON.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"name":"Payload"}'
dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "") .. "report.lua")
