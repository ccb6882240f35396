-- Two hundred thousand levels, each with a name as long as a line may be.
-- expect: failed
-- limits: memory_kb=131072
-- traceback: contains … (cut)
-- generate: yes
local name = ("n"):rep(10000)
return "local function " .. name .. "(n) if n == 0 then error('deep') end " .. name .. "(n - 1) return 1 end function main() " .. name .. "(100000) end"
