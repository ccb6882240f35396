-- An error in the handler of an error, in the handler of that.
-- expect: succeeded or failed
function main()
  local function f() error(f()) end
  return (xpcall(f, f))
end
