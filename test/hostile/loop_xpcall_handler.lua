-- expect: timed_out
function main()
  xpcall(function() while true do end end, function() while true do end end)
end
