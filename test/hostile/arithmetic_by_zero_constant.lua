-- expect: failed
-- message: contains attempt to perform 'n%0'
function main() return 1 % 0 end
