-- expect: failed
-- message: contains invalid format (width or precision too long)
function main() return string.format("%99999999d", 1) end
