-- Loops, jumps, coroutines, varargs: where a wrong register or jump leads furthest.
-- expect: any
-- bytecode: flip 150
-- limits: timeout_ms=300
function main(args)
  local out = {}
  for k, v in pairs({a = 1, b = 2}) do
    if v > 1 then goto next end
    out[#out + 1] = k
    ::next::
  end
  local c = coroutine.wrap(function(...) for i = 1, select("#", ...) do coroutine.yield((select(i, ...))) end end)
  while #out < 4 do out[#out + 1] = c(1, 2, 3) end
  for i = 10, 1, -3 do out[#out + 1] = i .. ":" .. tostring(i * 2 // 3) end
  return #out, table.concat(out, ",")
end
