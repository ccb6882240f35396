-- expect: timed_out
while true do end
