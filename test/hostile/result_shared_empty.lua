-- The same of tables that are nothing as JSON; only their walking takes time.
-- expect: timed_out or failed
-- limits: timeout_ms=400
function main()
  local wide = {} for i = 1, 200000 do wide[i] = true end
  for i = 1, 200000 do wide[i] = nil end
  local t = {} for i = 1, 100000 do t[i] = wide end
  return t
end
