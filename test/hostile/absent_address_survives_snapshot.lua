-- What the top level has shown keeps its number; what each invocation shows begins behind it.
-- expect: succeeded
-- runs: 3
-- result: ["table: 1","table: 1","table: 2"]
local kept = {}
local shown = tostring(kept)
function main() return {shown, tostring(kept), tostring({})} end
