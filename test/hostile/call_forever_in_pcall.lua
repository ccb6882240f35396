-- expect: timed_out
-- message: timed out after 400 ms
function main()
  while true do
    pcall(call, "fails", "a")
    pcall(call, "echo", "a", 1)
    pcall(call)
  end
end
