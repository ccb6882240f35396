-- What one invocation has used is not missing in the next.
-- expect: succeeded
-- runs: 5
-- limits: memory_kb=4096
-- result: 1900000
function main() kept = ("x"):rep(1900000) return #kept end
