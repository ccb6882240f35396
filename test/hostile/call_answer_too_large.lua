-- expect: out_of_memory
-- limits: memory_kb=1100
-- The answer does not fit into what is left.
function main()
  local kept = ("x"):rep(300000)
  return #call("large", "a") + #kept
end
