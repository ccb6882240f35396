-- A step of 0 leads nowhere upwards, so the loop does not begin; downwards it never ends.
-- expect: timed_out
function main() for i = 1, 2, 0 do error("began") end for i = 2, 1, 0 do end end
