-- expect: failed
-- message: contains no text
-- A plugin's message that is not UTF-8 leaves the sandbox as UTF-8.
function main() call("bytes", "a") end
