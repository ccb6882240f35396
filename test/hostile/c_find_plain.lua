-- Plain search, for a needle that almost fits everywhere: n times m steps.
-- expect: timed_out
-- how: killed
-- limits: timeout_ms=400 memory_kb=65536
function main()
  local hay = ("a"):rep(30000000)
  return hay:find(("a"):rep(10000000) .. "b", 1, true)
end
