-- Settings that would make it never begin, or never end a step.
-- expect: succeeded
-- limits: memory_kb=4096
-- result: true
function main()
  for _, pause in ipairs {0, -1, math.maxinteger, math.mininteger, 1 << 31, 1000} do
    for _, multiplier in ipairs {0, -1, math.maxinteger, math.mininteger, 1 << 31, 40} do
      collectgarbage("setpause", pause) collectgarbage("setstepmul", multiplier)
      for i = 1, 2000 do local t = {i} end
      collectgarbage("step", 1)
    end
  end
  return true
end
