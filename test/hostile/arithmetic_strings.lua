-- Numerals that are too long, too large, or nearly numerals.
-- expect: succeeded
-- result: [true,true,null,null,0,true,10.0]
function main()
  return {tonumber("1e999999999") == math.huge, tonumber(("9"):rep(190)) > 1e180, tonumber("0x") or null, tonumber("1e") or null,
          math.tointeger(tonumber("0x" .. ("0"):rep(180))), tonumber("0x" .. ("f"):rep(20)) ~= nil, "0xA" * "1.0"}
end
