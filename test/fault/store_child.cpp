// store_child DIR [fail-sync]: submits, claims and finishes without end, and says on stdout what
// the store has acknowledged: "I <id>" and "F <id>", each line in one write. It ends by being
// killed, or when stdout is closed.
//
// With fail-sync the disk fails to sync after the first acknowledgement: the store is to end the
// process.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "base/log.h"
#include "store/sqlite/sqlite_store.h"
#include "test/support/faulty_vfs.h"
#include "test/support/turn_executor.h"

using namespace sluice;

namespace {

void say(char what, const Uuid& id) {
  const std::string line = std::string(1, what) + ' ' + id.text() + '\n';
  if (write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(1);
}

std::shared_ptr<const Report> report_of(const Uuid& id) {
  auto report = std::make_shared<Report>();
  report->outcome = Outcome::kSucceeded;
  report->result = '"' + id.text() + '"';
  return report;
}

class Load {
 public:
  Load(Store& store, const Clock& clock) : store_(store), clock_(clock), ids_(clock) {}

  // One job after the other; several of these run at once.
  void next() {
    auto made = std::make_shared<Submission>();
    made->id = ids_.next();
    made->action = "hello";
    made->created_at = made->due_at = clock_.wall();
    made->payload.assign(random_() % 20 == 0 ? 30'000 : 30, '1');
    const auto urgency = random_() % 2 ? Urgency::kNow : Urgency::kLinger;
    const bool early = random_() % 2;  // runs while its insert is on its way
    store_.insert({made}, urgency, [this, id = made->id, early](auto results) {
      if (results[0].status) say('I', id);
      if (!early) run(id);
    });
    if (early) run(made->id);
  }

 private:
  void run(Uuid id) {
    const Uuid token = ids_.next();
    store_.claim({id}, {token, "child", {}}, [this, id, token](auto deliveries) {
      if (!deliveries[0].ok() || random_() % 5 == 0) return next();  // some stay running
      Finish finish;
      finish.id = id;
      finish.token = token;
      finish.started_at = finish.ended_at = clock_.wall();
      finish.report = report_of(id);
      store_.finish({finish}, Urgency::kLinger, [this, id](auto statuses) {
        if (statuses[0].ok()) say('F', id);
        next();
      });
    });
  }

  Store& store_;
  const Clock& clock_;
  UuidGenerator ids_;
  std::mt19937 random_{1};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  test::FaultyVfs disk;
  test::TurnExecutor executor;
  SystemClock clock;
  Log log(LogOptions{LogLevel::kOff, false, false});
  SqliteStoreOptions options;
  options.data_dir = argv[1];
  options.vfs = disk.name();
  auto store = SqliteStore::open(options, executor, clock, log);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().text().c_str());
    return 1;
  }
  Load load(**store, clock);
  for (int i = 0; i < 16; ++i) load.next();
  if (argc > 2 && std::string(argv[2]) == "fail-sync") {
    executor.turn_until([&] { return (*store)->stats().commits > 0; });
    disk.syncs_fail = true;
  }
  executor.turn_until([] { return false; }, std::chrono::seconds(120));
  return 3;
}
