-- expect: timed_out
function main() ::again:: goto again end
