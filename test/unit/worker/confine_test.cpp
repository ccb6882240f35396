// What a worker can do once hostile code has taken it over: with the confinement of the real one,
// in a process that tries one thing each (taken_over_worker.cpp).
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "named_worker.h"
#include "pool_fixture.h"

using namespace sluice::sandbox;
using sluice::Millis;
using sluice::test::job_without_code;
using sluice::test::NamedWorker;
using sluice::test::PoolFixture;
using Fate = Execution::Fate;

namespace {

// The taken-over worker under the name of what it tries.
struct Attempt : NamedWorker {
  explicit Attempt(const std::string& name) : NamedWorker(TAKEN_OVER_WORKER, name, 1) {}
};

Job some_job() {
  return job_without_code(Millis(60'000));
}

bool in_force(const Layers& layers, const std::string& name) {
  for (const Layer& layer : layers)
    if (layer.name == name) return layer.in_force;
  return false;
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("A worker that was taken over cannot reach what is not its own") {
  const std::string name =
      GENERATE("opens_a_file", "writes_a_file", "lists_a_folder", "opens_its_own_memory",
               "makes_a_socket", "makes_a_unix_socket", "makes_a_socket_pair", "forks",
               "clones_a_thread", "executes_a_program", "kills_the_server", "kills_everyone",
               "traces_the_server", "reads_the_servers_memory", "makes_a_memory_file",
               "makes_a_ring", "mounts", "lifts_its_limits", "reads_another_descriptor",
               "writes_to_the_terminal", "duplicates_its_channel");
  INFO(name);
  Attempt attempt(name);
  PoolFixture fixture(attempt.options());
  const auto slot = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return *slot != nullptr; }));
  const Layers& layers = fixture.pool().layers();
  INFO((*slot)->report.message << (*slot)->report.result);
  if (in_force(layers, "seccomp")) {
    CHECK((*slot)->fate == Fate::kWorkerDied);
    CHECK((*slot)->report.message.find("Bad system call") != std::string::npos);
  } else if (in_force(layers, "namespaces") && in_force(layers, "landlock")) {
    // With a sanitizer: the layers below hold by themselves. But the kernel counts no processes of
    // root's (RLIMIT_NPROC).
    const bool starts_one = name == "forks" || name == "clones_a_thread";
    CHECK((*slot)->fate == Fate::kFinished);
    if (!starts_one || geteuid() != 0) CHECK((*slot)->report.result != "true");
  }
  CHECK_FALSE(std::filesystem::exists("/tmp/sluice-taken-over"));
}

TEST_CASE("A worker that was taken over cannot change its own confinement, or run code it made") {
  const std::string name =
      GENERATE("maps_executable_memory", "makes_memory_executable", "maps_shared_memory",
               "leaves_its_namespaces", "becomes_dumpable", "outlives_its_parent", "loads_a_filter",
               "passes_a_descriptor");
  INFO(name);
  Attempt attempt(name);
  PoolFixture fixture(attempt.options());
  const auto slot = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return *slot != nullptr; }));
  if (!in_force(fixture.pool().layers(), "seccomp")) return;  // this one alone forbids them
  INFO((*slot)->report.message << (*slot)->report.result);
  CHECK((*slot)->fate == Fate::kWorkerDied);
  CHECK((*slot)->report.message.find("Bad system call") != std::string::npos);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("A worker that was taken over gets no more memory than its limit") {
  Attempt attempt("fills_memory");
  PoolFixture fixture(attempt.options());
  const auto slot = fixture.run(some_job());
  REQUIRE(fixture.until([&] { return *slot != nullptr; }));
  CHECK((*slot)->fate == Fate::kFinished);
  CHECK((*slot)->report.result == "\"ENOMEM\"");
}

TEST_CASE("The kernel agrees with what a worker says of its confinement") {
  PoolFixture fixture;
  const size_t all = fixture.pool().worker_pids().size() + 1;  // with the spare
  REQUIRE(fixture.until([&] { return fixture.pool().stats().workers_alive >= all; }));
  const std::string process = "/proc/" + std::to_string(fixture.pool().worker_pids().front());
  REQUIRE(fixture.until([&] { return !fixture.pool().layers().empty(); }));
  const Layers& layers = fixture.pool().layers();

  const std::string status = contents(process + "/status");
  CHECK(status.find("NoNewPrivs:\t1") != std::string::npos);
  CHECK(status.find("Seccomp:\t2") != std::string::npos);
  CHECK(contents(process + "/environ").empty());

  // Beside its channel nothing is open.
  std::vector<std::string> open;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(process + "/fd", unreadable))
    open.push_back(entry.path().filename());
  if (!unreadable) CHECK(open == std::vector<std::string>{"3"});

  if (in_force(layers, "namespaces")) {
    for (const char* kind : {"user", "net", "mnt", "ipc", "pid"}) {
      INFO(kind);
      std::error_code error;
      const auto its = std::filesystem::read_symlink(process + "/ns/" + kind, error);
      if (error) continue;  // not ours to look at
      CHECK(its != std::filesystem::read_symlink(std::string("/proc/self/ns/") + kind));
    }
  }
}
#endif

TEST_CASE("What the host allows is in force") {
  PoolFixture fixture;
  REQUIRE(fixture.until([&] { return !fixture.pool().layers().empty(); }));
  const Layers& layers = fixture.pool().layers();
  for (const char* always : {"parent", "memory", "descriptors", "rlimits", "no_new_privs"}) {
    INFO(always);
    CHECK(in_force(layers, always));
  }
  const bool has_landlock = syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) > 0;
  CHECK(in_force(layers, "landlock") == has_landlock);

  const pid_t child = fork();
  if (child == 0)
    _exit(unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID) == 0
              ? 0
              : 1);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  if (WEXITSTATUS(status) == 0) CHECK(in_force(layers, "namespaces"));
}

TEST_CASE("Workers die with the server that started them") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t server = fork();
  if (server == 0) {
    PoolFixture fixture;
    fixture.until([&] { return fixture.pool().stats().workers_alive >= 3; });
    for (const pid_t pid : fixture.pool().worker_pids())
      if (write(ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    raise(SIGKILL);
  }
  close(ends[1]);
  std::vector<pid_t> workers;
  pid_t pid = 0;
  while (read(ends[0], &pid, sizeof pid) == sizeof pid) workers.push_back(pid);
  close(ends[0]);
  CHECK(workers.size() == 2);
  PoolFixture waiting;
  CHECK(waiting.until([&] {
    for (const pid_t worker : workers) {
      // Gone, or a zombie that nobody has collected yet.
      const std::string stat = contents("/proc/" + std::to_string(worker) + "/stat");
      if (!stat.empty() && stat.find(") Z ") == std::string::npos) return false;
    }
    return true;
  }));
}
