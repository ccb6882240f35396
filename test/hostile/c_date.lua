-- Formats and times that strftime and mktime should not see.
-- expect: succeeded
-- result: [false,false,false,false,false,false]
function main()
  return {(pcall(os.date, "%Ez", 0)), (pcall(os.date, "%", 0)), (pcall(os.date, "*t", 1 << 62)), (pcall(os.date, "%s%k%P!", 0)),
          (pcall(os.time, {year = 1 << 40, month = 1, day = 1})), (pcall(os.time, {year = 2000, month = {}, day = 1}))}
end
