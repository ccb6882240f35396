-- wrk script: POSTs a small payload until N answers have come (wrk … URL -- N), says BEGIN before the first and ENOUGH
-- behind the last, for whoever started wrk to measure by and to end it. wrk itself knows durations only. One thread.
dofile((debug.getinfo(1, "S").source:match("^@(.*/)") or "") .. "post.lua")

local wanted, answered, begun, message

function init(args)
  wanted, answered = tonumber(args[1]), 0
end

local function say(word)
  io.write(word, "\n")
  io.flush()
end

function request()
  if not begun then
    begun = true
    say("BEGIN")
  end
  message = message or wrk.format()
  return message
end

function response()
  answered = answered + 1
  if answered == wanted then
    wrk.thread:stop()
    say("ENOUGH")
  end
end
