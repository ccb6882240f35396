// What was accepted is there after any end of the process.
#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <mutex>
#include <random>
#include <thread>

#include "test/support/http.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

const char* const kEcho = "function main(args) return args.n end";

TEST_CASE("what is stored is for the server's own user alone") {
  const TempFolder folder;
  const auto data = folder / "data";
  Server server(data);
  Http http(server.url());
  REQUIRE(http.create("echo", kEcho).status == 200);
  CHECK(http.block("echo", R"({"n":1})").body == "1");
  const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  const auto is_private = [&](const std::filesystem::path& path) {
    return (std::filesystem::status(path).permissions() & others) == std::filesystem::perms::none;
  };
  CHECK(is_private(data));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data)) {
    INFO(entry.path());
    CHECK(is_private(entry.path()));
    ++files;
  }
  CHECK(files >= 2);  // the database, and the key of its bytecode
}

TEST_CASE("kill -9 under load loses nothing that was accepted") {
  TempFolder data;
  std::mt19937 random(20261124);
  std::vector<std::pair<std::string, int>> accepted;
  std::mutex mutex;
  std::atomic<int> next{0};

  for (int round = 0; round < 4; ++round) {
    Server server(data.path());
    Http(server.url()).create("echo", kEcho);
    std::vector<std::thread> clients;
    const size_t before = accepted.size();
    const size_t enough = before + 200 + random() % 400;
    for (int c = 0; c < 8; ++c) {
      clients.emplace_back([&] {
        Http http(server.url());
        for (;;) {
          const int n = next++;
          const Reply reply = http.post("/actions/echo", R"({"n":)" + std::to_string(n) + "}");
          if (reply.status != 202) return;  // the server is gone
          std::lock_guard lock(mutex);
          accepted.emplace_back(reply.invocation_id(), n);
        }
      });
    }
    eventually([&] {
      std::lock_guard lock(mutex);
      return accepted.size() >= enough;
    });
    server.signal(SIGKILL);
    for (std::thread& client : clients) client.join();
    server.wait();
    CHECK(accepted.size() >= enough);
  }

  Server server(data.path());
  Http http(server.url());
  for (const auto& [id, n] : accepted) {
    const Reply reply = http.resolve(id);
    if (reply.status != 200 || reply.body != std::to_string(n)) {
      FAIL("invocation " << id << " of " << n << " gave " << reply.status << " " << reply.body);
    }
  }
  CHECK(accepted.size() >= 800);
}

TEST_CASE("what was running when the process was killed is run again") {
  TempFolder data;
  std::string id;
  {
    Server server(data.path(), {"--workers", "1"});
    Http http(server.url());
    REQUIRE(http.create("busy",
                        "function main(args) print('begun') local t = os.time() "
                        "while os.time() - t < 3 do end return 'ended' end")
                .status == 200);
    id = http.post("/actions/busy").invocation_id();
    REQUIRE(eventually(
        [&] { return json_member(http.get("/invocations/" + id).body, "state") == "running"; }));
    server.kill_hard();
  }
  Server server(data.path(), {"--workers", "1"});
  CHECK(Http(server.url()).resolve(id).body == R"("ended")");
}

TEST_CASE("SIGTERM finishes what runs, keeps the rest, and exits with 0") {
  TempFolder data;
  std::vector<std::string> ids;
  {
    Server server(data.path(), {"--workers", "1"});
    Http http(server.url());
    REQUIRE(http.create("second",
                        "function main(args) local t = os.clock() "
                        "while os.clock() - t < 0.3 do end return args.n end")
                .status == 200);
    for (int n = 0; n < 20; ++n)
      ids.push_back(
          http.post("/actions/second", R"({"n":)" + std::to_string(n) + "}").invocation_id());
    REQUIRE(eventually(
        [&] { return json_member(http.get("/invocations/" + ids[0]).body, "state") != "queued"; }));
    CHECK(server.stop() == 0);
  }
  Server server(data.path());
  Http http(server.url());
  for (size_t n = 0; n < ids.size(); ++n) CHECK(http.resolve(ids[n]).body == std::to_string(n));
}

TEST_CASE("a second server on the same data folder is refused") {
  TempFolder data;
  Server first(data.path());
  const Exit second = run_program(
      {program("sluice"), "serve", "--listen", "127.0.0.1:0", "--data", data.path().string()});
  CHECK(second.code != 0);
  CHECK(second.err.find("in use") != std::string::npos);
  CHECK(second.err.find(std::to_string(first.pid())) != std::string::npos);
}

// Whether a process has ended; where nobody collects orphans, it stays in the list as a zombie.
bool has_ended(pid_t pid) {
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  const size_t name_end = stat.rfind(')');
  return name_end == std::string::npos || stat.compare(name_end, 3, ") Z") == 0;
}

TEST_CASE("no worker is left behind, however the server ends") {
  TempFolder data;
  for (const int signal : {SIGTERM, SIGINT, SIGKILL}) {
    Server server(data.path(), {"--workers", "2"});
    Http http(server.url());
    http.create("hello", "function main() return 1 end");
    CHECK(http.block("hello").body == "1");
    const std::vector<pid_t> workers = server.workers();
    CHECK(workers.size() >= 2);
    server.signal(signal);
    CHECK(server.wait() == (signal == SIGKILL ? 137 : 0));
    for (pid_t worker : workers) CHECK(eventually([&] { return has_ended(worker); }));
  }
}

TEST_CASE("what is accepted with no worker waits for one") {
  TempFolder data;
  std::vector<std::string> ids;
  {
    Server server(data.path(), {"--workers", "0"});
    Http http(server.url());
    REQUIRE(http.create("echo", kEcho).status == 200);
    for (int n = 0; n < 300; ++n) {
      ids.push_back(
          http.post("/actions/echo", R"({"n":)" + std::to_string(n) + "}").invocation_id());
    }
    const Reply waiting = http.get("/invocation/" + ids[0] + "?wait=1");
    CHECK(waiting.status == 202);
    CHECK(json_member(waiting.body, "state") == "queued");
    const Reply blocked = http.post("/actions/echo/block?wait=1", R"({"n":300})");
    CHECK(blocked.status == 202);
    ids.push_back(blocked.invocation_id());
    server.kill_hard();
  }
  Server server(data.path());
  Http http(server.url());
  for (size_t n = 0; n < ids.size(); ++n) CHECK(http.resolve(ids[n]).body == std::to_string(n));
}

TEST_CASE("one key makes one job, also when it is sent a hundred times at once") {
  TempFolder data;
  Server server(data.path());
  {
    Http http(server.url());
    REQUIRE(http.create("echo", kEcho).status == 200);
  }
  std::mutex mutex;
  std::vector<Reply> replies;
  std::vector<std::thread> clients;
  for (int c = 0; c < 20; ++c) {
    clients.emplace_back([&, c] {
      Http http(server.url());
      for (int i = 0; i < 5; ++i) {
        const Reply reply = http.post("/actions/echo", R"({"n":)" + std::to_string(c) + "}",
                                      {"Idempotency-Key: once"});
        std::lock_guard lock(mutex);
        replies.push_back(reply);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  int first = 0;
  for (const Reply& reply : replies) {
    CHECK(reply.status == 202);
    CHECK(reply.invocation_id() == replies[0].invocation_id());
    first += json_member(reply.body, "deduplicated") != "true";
  }
  CHECK(first == 1);

  // The same key again, after a restart, and blocking.
  Http http(server.url());
  const std::string result = http.resolve(replies[0].invocation_id()).body;
  CHECK(http.post("/actions/echo/block", R"({"n":-1})", {"Idempotency-Key: once"}).body == result);
}

TEST_CASE("a durable blocking run is on the disk when its answer comes") {
  TempFolder data;
  std::vector<std::string> ids;
  {
    Server server(data.path());
    Http http(server.url());
    REQUIRE(http.create("echo", kEcho).status == 200);
    for (int n = 0; n < 50; ++n) {
      const Reply reply =
          http.post("/actions/echo/block?durable=1", R"({"n":)" + std::to_string(n) + "}");
      CHECK(reply.body == std::to_string(n));
      ids.push_back(reply.header("x-invocation-id"));
    }
    server.kill_hard();
  }
  Server server(data.path(), {"--workers", "0"});
  Http http(server.url());
  for (size_t n = 0; n < ids.size(); ++n)
    CHECK(http.get("/invocation/" + ids[n]).body == std::to_string(n));
}

}  // namespace
}  // namespace sluice::test
