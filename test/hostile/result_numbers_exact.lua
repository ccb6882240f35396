-- expect: succeeded
-- result: [-9223372036854775808,9223372036854775807,1.7976931348623157e+308,5e-324,-0.0,0.1]
function main() return {math.mininteger, math.maxinteger, 1.7976931348623157e308, 5e-324, -0.0, 0.1} end
