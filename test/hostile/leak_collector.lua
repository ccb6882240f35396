-- expect: succeeded
-- runs: 3
-- result: [true,200,200]
function main()
  local seen = {collectgarbage("isrunning"), collectgarbage("setpause", 1000), collectgarbage("setstepmul", 1000)}
  collectgarbage("stop")
  return seen
end
