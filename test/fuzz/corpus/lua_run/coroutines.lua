function main(args) local function f(n) if n == 0 then return 1 end return coroutine.wrap(f)(n - 1) end return f(50) end
