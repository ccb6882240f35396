-- expect: timed_out
function main() for _ in function() return 1 end do end end
