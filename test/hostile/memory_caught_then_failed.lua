-- Once caught it is the job's own affair: it ends by what it raises later.
-- expect: failed
-- limits: memory_kb=4096
-- message: something else
-- runs: 2
function main()
  pcall(string.rep, "x", 1 << 30)
  error("something else", 0)
end
