-- expect: timed_out
-- limits: memory_kb=2048
-- Out of memory again and again, caught, with a call in between.
function main()
  while true do
    pcall(function()
      local kept = {}
      while true do
        kept[#kept + 1] = ("x"):rep(1000) .. #kept
        if #kept % 64 == 0 then call("echo", "a", kept[1]) end
      end
    end)
    pcall(call, "large", "a")
  end
end
