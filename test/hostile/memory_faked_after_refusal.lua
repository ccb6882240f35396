-- The words count only where a request was refused. Here one was: that the job is over its limit is true.
-- expect: out_of_memory
-- limits: memory_kb=4096
function main()
  pcall(string.rep, "x", 1 << 30)
  error("not enough memory", 0)
end
