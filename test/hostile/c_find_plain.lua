-- Plain search, for a needle that almost fits everywhere: n times m steps.
-- expect: timed_out
-- how: killed
-- limits: timeout_ms=400 memory_kb=65536
function main()
  local hay = ("a"):rep(1000):rep(30000)
  return hay:find(("a"):rep(1000):rep(10000) .. "b", 1, true)
end
