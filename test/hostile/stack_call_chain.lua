-- __call of a table that is called through its __call, and so on.
-- expect: failed
-- message: contains attempt to call a table value
-- limits: memory_kb=131072
function main()
  local mt = {}
  local t = setmetatable({}, mt)
  mt.__call = t
  return t()
end
