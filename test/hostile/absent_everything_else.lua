-- Walks all that can be reached, through metatables too, and names every function: what is new in a library shows here.
-- expect: succeeded
-- result: "_G.array _G.assert _G.call _G.collectgarbage _G.coroutine.create _G.coroutine.isyieldable _G.coroutine.resume _G.coroutine.running _G.coroutine.status _G.coroutine.wrap _G.coroutine.yield _G.error _G.getmetatable _G.ipairs _G.main _G.math.abs _G.math.acos _G.math.asin _G.math.atan _G.math.ceil _G.math.cos _G.math.deg _G.math.exp _G.math.floor _G.math.fmod _G.math.log _G.math.max _G.math.min _G.math.modf _G.math.rad _G.math.random _G.math.randomseed _G.math.sin _G.math.sqrt _G.math.tan _G.math.tointeger _G.math.type _G.math.ult _G.next _G.os.clock _G.os.date _G.os.difftime _G.os.time _G.pairs _G.pcall _G.print _G.rawequal _G.rawget _G.rawlen _G.rawset _G.select _G.setmetatable _G.string.byte _G.string.char _G.string.find _G.string.format _G.string.gmatch _G.string.gsub _G.string.len _G.string.lower _G.string.match _G.string.pack _G.string.packsize _G.string.rep _G.string.reverse _G.string.sub _G.string.unpack _G.string.upper _G.table.concat _G.table.insert _G.table.move _G.table.pack _G.table.remove _G.table.sort _G.table.unpack _G.tonumber _G.tostring _G.type _G.utf8.char _G.utf8.codepoint _G.utf8.codes _G.utf8.len _G.utf8.offset _G.xpcall"
function main()
  local found, seen = {}, {}
  local function walk(value, path)
    if type(value) == "function" then found[#found + 1] = path end
    if type(value) ~= "table" or seen[value] then return end
    seen[value] = true
    local names = {}
    for name in pairs(value) do names[#names + 1] = tostring(name) end
    table.sort(names)
    for _, name in ipairs(names) do walk(value[name], path .. "." .. name) end
    walk(getmetatable(value), path .. "#")
  end
  walk(_G, "_G")
  for _, value in ipairs {"", 1, true, print, coroutine.create(print)} do walk(getmetatable(value), type(value) .. "#") end
  walk(getmetatable(nil), "nil#")
  return table.concat(found, " ")
end
