-- expect: timed_out
function main() return (string.gsub("x", "x", function() while true do end end)) end
