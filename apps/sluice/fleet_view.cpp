#include "apps/sluice/fleet_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <vector>

#include "apps/sluice/backends.h"
#include "base/clock.h"
#include "base/json_doc.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/time_format.h"

namespace sluice {
namespace {

constexpr Millis kConnect{5'000};  // the databases have so long to answer

struct Fleet {
  std::vector<RunnerInfo> runners;
  Depth depth;
  Counts counts;
  std::optional<Millis> oldest_due;  // its age
};

// Asks both databases, and ends the loop when both have answered or one could not.
class Asking {
 public:
  Asking(Loop& loop, Store& store, Queue& queue, const Clock& clock)
      : loop_(loop), store_(store), queue_(queue), clock_(clock), patience_(loop), again_(loop) {}

  Result<Fleet> run() {
    patience_.once(kConnect, [this] { loop_.stop(); });
    ask_when_ready();
    loop_.run();
    if (missing_ > 0 && !failed_) failed_ = why_not_ready();
    if (failed_) return *failed_;
    return std::move(fleet_);
  }

 private:
  void ask_when_ready() {
    if (store_.ready().ok() && queue_.ready().ok()) return ask();
    again_.once(Millis(20), [this] { ask_when_ready(); });
  }

  void ask() {
    queue_.runners(
        [this](Result<std::vector<RunnerInfo>> got) { take(std::move(got), fleet_.runners); });
    queue_.depth([this](Result<Depth> got) { take(std::move(got), fleet_.depth); });
    store_.count("default", [this](Result<Counts> got) { take(std::move(got), fleet_.counts); });
  }

  template <class T>
  void take(Result<T> got, T& into) {
    if (got.ok()) {
      into = *std::move(got);
    } else if (!failed_) {
      failed_ = got.error();
    }
    if (--missing_ > 0 && !failed_) return;
    if (fleet_.counts.oldest_due)
      fleet_.oldest_due = std::max(Millis(0), clock_.wall() - *fleet_.counts.oldest_due);
    loop_.stop();
  }

  Error why_not_ready() const {
    for (const Status& status : {store_.ready(), queue_.ready()}) {
      if (!status.ok()) return status.error();
    }
    return {Code::kUnavailable, "fleet",
            fmt::format("the databases did not answer within {} ms", kConnect.count())};
  }

  Loop& loop_;
  Store& store_;
  Queue& queue_;
  const Clock& clock_;
  Timer patience_;
  Timer again_;
  int missing_ = 3;
  Fleet fleet_;
  std::optional<Error> failed_;
};

std::string start_of(const RunnerInfo& runner) {
  const std::string text = to_rfc3339(runner.since);  // "2026-11-24T10:32:22.093Z"
  return text.substr(0, text.find('.')) + "Z";
}

std::string seconds(Millis time) {
  return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000.0);
}

std::string as_table(const Fleet& fleet) {
  size_t name = 6, host = 4, version = 7;
  for (const RunnerInfo& runner : fleet.runners) {
    name = std::max(name, runner.name.size());
    host = std::max(host, runner.host.size());
    version = std::max(version, runner.version.size());
  }
  std::string text =
      fmt::format("{:<{}}  {:<{}}  {:<{}}  {:<20}  {:>7}  {:>7}  {}\n", "RUNNER", name, "HOST",
                  host, "VERSION", version, "SINCE", "WORKERS", "RUNNING", "LAST HEARD");
  for (const RunnerInfo& runner : fleet.runners) {
    text += fmt::format("{:<{}}  {:<{}}  {:<{}}  {:<20}  {:>7}  {:>7}  {} ago\n", runner.name, name,
                        runner.host, host, runner.version, version, start_of(runner),
                        runner.workers, runner.running, seconds(runner.last_heard));
  }
  if (fleet.runners.empty()) text += "(no runner is alive)\n";
  text += fmt::format(
      "\nQueue: {} waiting, {} with runners, room for {} more\n"
      "Store: {} scheduled, {} queued, {} running; {}\n",
      fleet.depth.waiting, fleet.depth.delivered,
      fleet.depth.capacity - std::min(fleet.depth.waiting, fleet.depth.capacity),
      fleet.counts.scheduled, fleet.counts.queued, fleet.counts.running,
      fleet.oldest_due ? "the oldest due job waits for " + seconds(*fleet.oldest_due)
                       : std::string("no job waits"));
  return text;
}

std::string as_json(const Fleet& fleet) {
  std::string runners;
  for (const RunnerInfo& runner : fleet.runners) {
    JsonObject object;
    object.text("name", runner.name);
    object.text("host", runner.host);
    object.text("version", runner.version);
    object.text("since", to_rfc3339(runner.since));
    object.integer("workers", runner.workers);
    object.integer("running", runner.running);
    object.integer("last_heard_ms", runner.last_heard.count());
    runners += (runners.empty() ? "" : ",") + object.print();
  }
  JsonObject queue;
  queue.integer("waiting", static_cast<int64_t>(fleet.depth.waiting));
  queue.integer("delivered", static_cast<int64_t>(fleet.depth.delivered));
  queue.integer("capacity", static_cast<int64_t>(fleet.depth.capacity));
  JsonObject store;
  store.integer("scheduled", static_cast<int64_t>(fleet.counts.scheduled));
  store.integer("queued", static_cast<int64_t>(fleet.counts.queued));
  store.integer("running", static_cast<int64_t>(fleet.counts.running));
  if (fleet.oldest_due) store.integer("oldest_due_ms", fleet.oldest_due->count());
  return "{\"runners\":[" + runners + "],\"queue\":" + queue.print() +
         ",\"store\":" + store.print() + "}\n";
}

}  // namespace

Status show_fleet(const Settings& settings, const FleetQuestion& question) {
  Loop loop;
  SystemClock clock;
  LogOptions quiet = settings.log;
  quiet.level = LogLevel::kOff;  // what goes wrong is the answer
  Log log(quiet);
  Metrics metrics;
  auto store = open_mongo(settings, {loop, clock, log, metrics});
  if (!store.ok()) return store.error();
  auto queue = open_redis(settings, {loop, clock, log, metrics});
  if (!queue.ok()) return queue.error();

  const Result<Fleet> fleet = Asking(loop, **store, **queue, clock).run();
  if (!fleet.ok()) return fleet.error();
  std::fputs((question.json ? as_json(*fleet) : as_table(*fleet)).c_str(), stdout);
  if (question.host.empty()) return {};
  const auto& runners = fleet->runners;
  const bool alive = std::any_of(runners.begin(), runners.end(), [&](const RunnerInfo& runner) {
    return runner.host == question.host;
  });
  if (alive) return {};
  return Error{Code::kNotFound, "fleet", "no runner of host '" + question.host + "' is alive"};
}

}  // namespace sluice
