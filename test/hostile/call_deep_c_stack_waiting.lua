-- expect: timed_out
-- at_once: 60
-- limits: timeout_ms=500
local function down(depth)
  if depth == 60 then return call("never", "a") end
  return (("x"):gsub(".", function() return select(2, pcall(down, depth + 1)) end))
end
function main() return down(1) end
