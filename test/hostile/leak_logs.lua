-- expect: succeeded
-- runs: 3
-- logs: contains begins
-- never: begins[^$]*begins
function main() print("begins") print(("x"):rep(1000)) end
