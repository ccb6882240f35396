-- expect: failed
-- message: contains C stack overflow
function main()
  local t = setmetatable({}, {})
  getmetatable(t).__index = function(of, key) return of[key .. "x"] end
  return t.x
end
