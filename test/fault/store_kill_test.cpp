// kill -9 at any moment: what was acknowledged is there at the next start.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <random>
#include <set>

#include "test/contract/store_harness.h"

using namespace sluice;
using namespace sluice::test;

namespace {

class Child {
 public:
  explicit Child(const std::string& folder, const char* mode = nullptr) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl(STORE_CHILD, STORE_CHILD, folder.c_str(), mode, static_cast<char*>(nullptr));
      _exit(127);
    }
    REQUIRE(pid_ > 0);
    close(ends[1]);
    lines_ = fdopen(ends[0], "r");
  }
  ~Child() {
    if (pid_ > 0) end();
    std::fclose(lines_);
  }

  // The next acknowledgement; false when the child is gone and all was read.
  bool read() {
    char line[64];
    if (!std::fgets(line, sizeof line, lines_)) return false;
    const std::string text = line;
    const auto id = text.size() == 39 ? Uuid::parse(text.substr(2, 36)) : std::nullopt;
    REQUIRE(id.has_value());
    (text[0] == 'F' ? finished : inserted).insert(*id);
    return true;
  }

  void kill() { ::kill(pid_, SIGKILL); }
  int wait() {
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    pid_ = 0;
    return status;
  }

  std::set<Uuid> inserted, finished;

 private:
  void end() {
    kill();
    int ignored;
    waitpid(pid_, &ignored, 0);
  }

  pid_t pid_ = 0;
  FILE* lines_ = nullptr;
};

}  // namespace

TEST_CASE("Every acknowledged record outlives kill -9, wherever it strikes", "[fault]") {
  std::mt19937 random(7);
  SqliteHarness at;
  std::set<Uuid> inserted, finished;
  for (int round = 0; round < 8; ++round) {
    at.store.reset();
    {
      Child child(at.folder.path());
      const size_t acknowledgements = 1 + random() % 700;
      for (size_t i = 0; i < acknowledgements; ++i) REQUIRE(child.read());
      child.kill();
      while (child.read()) {
      }
      CHECK(WTERMSIG(child.wait()) == SIGKILL);
      inserted.merge(child.inserted);
      finished.merge(child.finished);
    }
    at.open();
    size_t missing = 0, unfinished = 0, wrong = 0;
    for (const Uuid& id : inserted) {
      const auto found = at.find(id);
      missing += !found.ok();
      // Nothing runs any more.
      wrong += found.ok() && found->progress.state == State::kRunning;
    }
    for (const Uuid& id : finished) {
      const auto found = at.find(id);
      unfinished += !found.ok() || found->progress.state != State::kDone ||
                    found->report->result != '"' + id.text() + '"';
    }
    CHECK(missing == 0);
    CHECK(unfinished == 0);
    CHECK(wrong == 0);
  }
  CHECK(inserted.size() > 100);
  CHECK(finished.size() > 100);
  CHECK(at.count().queued > 0);  // what was running waits again
}

TEST_CASE("A folder in use by another process is refused, and free when that is killed",
          "[fault]") {
  SqliteHarness at;
  at.store.reset();
  Child child(at.folder.path());
  REQUIRE(child.read());  // it has the folder
  const auto refused = at.try_open();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::kConflict);
  child.kill();
  child.wait();
  CHECK(at.try_open().ok());
}

TEST_CASE("A failed sync ends the process", "[fault]") {
  SqliteHarness at;
  at.store.reset();
  Child child(at.folder.path(), "fail-sync");
  while (child.read()) {
  }
  const int status = child.wait();
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
  at.open();
  size_t missing = 0;
  for (const Uuid& id : child.inserted) missing += !at.find(id).ok();
  CHECK(missing == 0);
}
