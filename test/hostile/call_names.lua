-- expect: succeeded
-- result: ["x\u0000y",256,"a name of at most 256 bytes expected","the name is not valid UTF-8","the name is not valid UTF-8","string expected, got table","string expected, got no value",12]
-- The plugin "fails NAME" answers with the name.
local function why(...)
  local ok, message = pcall(call, ...)
  assert(not ok)
  return message
end
local function inner(...) return why(...):match("%((.*)%)$") end
function main()
  local name = ("x"):rep(250)
  return {
    why("fails x\0y", "a"):match("x.*"),
    #name + 6 - #why("fails " .. name, "a"):match("x+") + 250,
    inner("fails " .. name .. "yy", "a"),
    inner("echo\xff", "a"),
    inner("echo", "\xed\xa0\x80"),
    inner({}, "a"),
    inner("echo"),
    call(12, 12, 12),
  }
end
