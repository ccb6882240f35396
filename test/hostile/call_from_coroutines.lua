-- expect: out_of_memory
-- A hundred coroutines in one another, a call in each; the innermost fills the memory.
local function down(depth)
  call("echo", "a", depth)
  if depth == 100 then
    local kept = {}
    while true do
      kept[#kept + 1] = ("x"):rep(10000) .. #kept
      if #kept % 100 == 0 then call("echo", "a", #kept) end
    end
  end
  return coroutine.wrap(down)(depth + 1)
end
function main() return down(1) end
