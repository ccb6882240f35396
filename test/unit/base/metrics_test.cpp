#include "base/metrics.h"

#include <catch2/catch.hpp>
#include <thread>

using namespace sluice;
using Catch::Matchers::Contains;

TEST_CASE("a counter is shown with its help, its labels and what was added") {
  Metrics metrics;
  metrics.counter("sluice_done_total", "Ended", {{"action", "hello"}}).add();
  metrics.counter("sluice_done_total", "Ended", {{"action", "hello"}}).add(2);
  metrics.counter("sluice_done_total", "Ended", {{"action", "evil"}}).add();

  const std::string text = metrics.text();
  CHECK_THAT(text, Contains("# HELP sluice_done_total Ended\n"));
  CHECK_THAT(text, Contains("# TYPE sluice_done_total counter\n"));
  CHECK_THAT(text, Contains("sluice_done_total{action=\"hello\"} 3\n"));
  CHECK_THAT(text, Contains("sluice_done_total{action=\"evil\"} 1\n"));
}

TEST_CASE("the same name and labels give the same instrument") {
  Metrics metrics;
  CHECK(&metrics.gauge("sluice_depth", "d") == &metrics.gauge("sluice_depth", "d"));
  CHECK(&metrics.counter("a_total", "a") == &metrics.counter("a_total", "a"));
  CHECK(&metrics.histogram("a_seconds", "a") == &metrics.histogram("a_seconds", "a"));
  CHECK(&metrics.counter("a_total", "a", {{"x", "1"}}) !=
        &metrics.counter("a_total", "a", {{"x", "2"}}));
}

TEST_CASE("a gauge shows the last value set") {
  Metrics metrics;
  Gauge& gauge = metrics.gauge("sluice_depth", "Waiting");
  gauge.set(7);
  gauge.set(5);
  CHECK_THAT(metrics.text(), Contains("sluice_depth 5\n"));
}

TEST_CASE("a histogram of seconds has buckets from 50 microseconds to a minute") {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("sluice_run_seconds", "Runs");
  histogram.observe(40e-6);
  histogram.observe(59);
  histogram.observe(61);

  const std::string text = metrics.text();
  CHECK_THAT(text, Contains("sluice_run_seconds_bucket{le=\"5e-05\"} 1\n"));
  CHECK_THAT(text, Contains("sluice_run_seconds_bucket{le=\"60\"} 2\n"));
  CHECK_THAT(text, Contains("sluice_run_seconds_bucket{le=\"+Inf\"} 3\n"));
  CHECK_THAT(text, Contains("sluice_run_seconds_count 3\n"));
}

TEST_CASE("a histogram of bytes has buckets for bytes, any other for counts") {
  Metrics metrics;
  metrics.histogram("sluice_payload_bytes", "Payloads").observe(1);
  metrics.histogram("sluice_batch_size", "Batches").observe(1);
  CHECK_THAT(metrics.text(), Contains("sluice_payload_bytes_bucket{le=\"1048576\"} 1\n"));
  CHECK_THAT(metrics.text(), Contains("sluice_batch_size_bucket{le=\"1\"} 1\n"));
}

TEST_CASE("label values are escaped") {
  Metrics metrics;
  metrics.counter("a_total", "a", {{"x", "quote \" and\nline"}}).add();
  CHECK_THAT(metrics.text(), Contains("a_total{x=\"quote \\\" and\\nline\"} 1\n"));
}

TEST_CASE("instruments may be asked for and used from several threads") {
  Metrics metrics;
  const auto work = [&] {
    for (int i = 0; i < 1000; ++i) {
      metrics.counter("shared_total", "s").add();
      metrics.histogram("shared_seconds", "s", {{"n", std::to_string(i % 10)}}).observe(0.001);
    }
  };
  std::thread other(work);
  work();
  std::string text = metrics.text();
  other.join();
  CHECK_THAT(metrics.text(), Contains("shared_total 2000\n"));
}
