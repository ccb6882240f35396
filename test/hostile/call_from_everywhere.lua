-- expect: succeeded
-- result: ["b","c",[1,2,3,4,5],"index","concat",7,true,"called","got: x","end"]
-- A call from inside of what Lua's own C functions call.
local function echo(value) return call("echo", "a", {value})[1] end
function main()
  local got = {}
  local next_letter = function(letter) return echo(string.char(letter:byte() + 1)) end
  got[1], got[2] = ("ab"):gsub(".", next_letter):sub(1, 1), ("ab"):gsub(".", next_letter):sub(2, 2)
  local list = {4, 2, 5, 1, 3}
  table.sort(list, function(a, b) return echo(a < b) end)
  got[3] = list
  local object = setmetatable({}, {
    __index = function(_, key) return echo(key) end,
    __concat = function() return echo("concat") end,
    __len = function() return echo(7) end,
    __lt = function() return echo(true) end,
    __call = function() return echo("called") end,
    __tostring = function() return echo("got: x") end,
  })
  got[4], got[5], got[6], got[7], got[8] = object.index, object .. "", #object, object < object, object()
  got[9] = tostring(object)
  for word in coroutine.wrap(function() coroutine.yield(echo("end")) end) do got[10] = word end
  return got
end
