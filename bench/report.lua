-- wrk script: reports as one line of JSON. Latencies in microseconds.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nJSON {"rate": %.1f, "p50_us": %.1f, "p99_us": %.1f, "requests": %d, "failed": %d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50), latency:percentile(99),
    summary.requests, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
