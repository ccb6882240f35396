function main(args) local function f() return pcall(f) end return f() end
