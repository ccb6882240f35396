// store_bench [DIR] [RECORDS]: what a record costs the SQLite store, as JSON. For each size of
// batch: collapsed writes (insert, claim and finish in one commit) and bare inserts; then the
// latency of single commits.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/log.h"
#include "store/sqlite/sqlite_store.h"
#include "test/support/turn_executor.h"

using namespace sluice;

namespace {

using Microseconds = std::chrono::duration<double, std::micro>;

struct Bench {
  explicit Bench(const std::string& folder) {
    SqliteStoreOptions options;
    options.data_dir = folder;
    auto opened = SqliteStore::open(options, executor, clock, log);
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().text().c_str());
      std::exit(1);
    }
    store = std::move(*opened);
  }

  SubmissionPtr submission() {
    auto made = std::make_shared<Submission>();
    made->id = ids.next();
    made->action = "hello";
    made->action_version = 1;
    made->limits = {Millis(1'000), 1 << 20};
    made->created_at = made->due_at = clock.wall();
    made->payload = R"({"name":"world","n":[1,2,3]})";
    return made;
  }

  // Returns when everything is durable.
  void run(size_t batch, bool collapsed) {
    size_t answered = 0;
    const Uuid token = ids.next();
    std::vector<SubmissionPtr> items;
    for (size_t i = 0; i < batch; ++i) items.push_back(submission());
    const auto urgency = collapsed ? Urgency::kLinger : Urgency::kNow;
    store->insert(items, urgency, [&](auto) { ++answered; });
    size_t expected = 1;
    if (collapsed) {
      std::vector<Uuid> claimed;
      std::vector<Finish> finishes;
      for (const auto& item : items) {
        claimed.push_back(item->id);
        Finish finish;
        finish.id = item->id;
        finish.token = token;
        finish.started_at = finish.ended_at = clock.wall();
        auto report = std::make_shared<Report>();
        report->outcome = Outcome::kSucceeded;
        report->result = R"("Hello, world!")";
        finish.report = std::move(report);
        finishes.push_back(std::move(finish));
      }
      store->claim(claimed, {token, "bench", {}}, {[](auto) {}});
      store->finish(finishes, Urgency::kNow, [&](auto) { ++answered; });
      expected = 2;
    }
    executor.turn_until([&] { return answered == expected; });
  }

  test::TurnExecutor executor;
  SystemClock clock;
  Log log{LogOptions{LogLevel::kWarn, false, false}};
  UuidGenerator ids{clock};
  std::unique_ptr<SqliteStore> store;
};

void measure(Bench& bench, size_t records, size_t batch, bool collapsed, bool last) {
  const size_t rounds = std::max<size_t>(1, records / batch);
  for (size_t i = 0; i < rounds / 10; ++i) bench.run(batch, collapsed);
  const auto before = bench.store->stats();
  std::vector<double> latencies;
  const auto began = std::chrono::steady_clock::now();
  for (size_t i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    bench.run(batch, collapsed);
    latencies.push_back(Microseconds(std::chrono::steady_clock::now() - start).count());
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const auto after = bench.store->stats();
  std::sort(latencies.begin(), latencies.end());
  const double written = static_cast<double>(rounds * batch);
  std::printf(
      "    {\"kind\": \"%s\", \"batch\": %zu, \"writer_cpu_us_per_record\": %.2f,"
      " \"row_writes_per_record\": %.2f, \"commit_us\": %.0f, \"latency_p50_us\": %.0f,"
      " \"latency_p99_us\": %.0f, \"records_per_second\": %.0f}%s\n",
      collapsed ? "collapsed" : "insert", batch,
      static_cast<double>(after.writer_cpu_us - before.writer_cpu_us) / written,
      static_cast<double>(after.rows_inserted - before.rows_inserted + after.rows_updated -
                          before.rows_updated) /
          written,
      static_cast<double>(after.committing_us - before.committing_us) /
          static_cast<double>(after.commits - before.commits),
      latencies[latencies.size() / 2], latencies[latencies.size() * 99 / 100], written / seconds,
      last ? "" : ",");
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = argc > 1 ? argv[1] : "";
  const size_t records = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 50'000;
  const bool scratch = folder.empty();
  if (scratch) {
    folder = std::filesystem::temp_directory_path() / "sluice-bench-XXXXXX";
    if (!mkdtemp(folder.data())) return 1;
  }
  {
    Bench bench(folder);
    std::printf("{\"bench\": \"store\", \"durability\": \"full\", \"results\": [\n");
    for (const size_t batch : {16, 64, 256}) measure(bench, records, batch, true, false);
    for (const size_t batch : {16, 64, 256}) measure(bench, records, batch, false, false);
    measure(bench, std::min<size_t>(records, 2'000), 1, true, true);
    std::printf("]}\n");
  }
  if (scratch) std::filesystem::remove_all(folder);
  return 0;
}
