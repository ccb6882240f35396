// An action that floods: its cap holds, and the others go on.
#include <catch2/catch.hpp>
#include <mutex>
#include <thread>

#include "test/support/http.h"
#include "test/support/overlap.h"
#include "test/support/process.h"

namespace sluice::test {
namespace {

constexpr const char* kBusy =
    "function main(n) local x = 0 for i = 1, 2e5 do x = x + i end return n end";

Reply create_capped(Http& http, const std::string& name, int cap) {
  return http.post("/actions", with_member(action_body(name, kBusy), "max_concurrency", cap));
}

// When what ran, from its record. RFC 3339 in UTC: the texts have the order of the times.
std::pair<std::string, std::string> span_of(Http& http, const std::string& id) {
  std::string record;
  REQUIRE(eventually([&] {
    record = http.get("/invocations/" + id).body;
    return json_member(record, "state") == "done";
  }));
  return {json_member(record, "started_at"), json_member(record, "ended_at")};
}

TEST_CASE("an action never runs more often at a time than it may, while others go on") {
  TempFolder data;
  Server server(data.path(), {"--workers", "3"});
  Http http(server.url());
  const int cap = GENERATE(1, 2);
  REQUIRE(create_capped(http, "flood", cap).status == 200);
  REQUIRE(create_capped(http, "roomy", 10'000).status == 200);
  REQUIRE(http.create("other", kBusy).status == 200);

  std::mutex mutex;
  std::vector<std::string> ids;
  std::vector<std::thread> clients;
  for (int c = 0; c < 6; ++c) {
    clients.emplace_back([&, c] {
      Http client(server.url());
      for (int i = 0; i < 25; ++i) {
        // Blocking runs come to the runner before their record is durable.
        const Reply reply = c < 2 ? client.block("flood", "1") : client.post("/actions/flood", "1");
        const std::lock_guard lock(mutex);
        ids.push_back(reply.invocation_id());
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    CHECK(http.block("other", "42").body == "42");
    CHECK(http.block("roomy", "43").body == "43");
  }
  for (std::thread& client : clients) client.join();

  std::vector<std::pair<std::string, std::string>> spans;
  for (const std::string& id : ids) spans.push_back(span_of(http, id));
  REQUIRE(spans.size() == 150);
  CHECK(most_at_once(spans) <= static_cast<size_t>(cap));
}

TEST_CASE("a cap is there after a restart, before anything runs") {
  TempFolder data;
  std::vector<std::string> ids;
  {
    Server server(data.path(), {"--workers", "0"});
    Http http(server.url());
    REQUIRE(create_capped(http, "flood", 1).status == 200);
    for (int i = 0; i < 60; ++i) ids.push_back(http.post("/actions/flood", "1").invocation_id());
  }
  Server server(data.path(), {"--workers", "3"});
  Http http(server.url());
  std::vector<std::pair<std::string, std::string>> spans;
  for (const std::string& id : ids) spans.push_back(span_of(http, id));
  CHECK(most_at_once(spans) == 1);
  CHECK(json_member(http.get("/actions/flood").body, "max_concurrency") == "1");
}

TEST_CASE("an action whose jobs hold every worker, and more of them the queue, keeps nobody out") {
  // What runs Lua, and what waits for a plugin.
  const std::string flood = GENERATE(std::string("while true do end"),
                                     std::string("call('sleep', 'sleep', {ms = 600000})"));
  const TempFolder folder;
  const std::string config = folder.write("config.lua", R"(
Plugin "sleep" { file = ")" SLUICE_BIN_DIR R"(/../test/plugins/sleep.so", timeout = "10m" }
)");
  Server server(folder / "data", {"--workers", "1", "--config", config});
  Http http(server.url());
  REQUIRE(http.create("flood", "function main() " + flood + " end", 600'000).status == 200);
  REQUIRE(http.create("other", kBusy).status == 200);
  std::string first;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = http.post("/actions/flood", "1").invocation_id();
    if (i == 0) first = id;
  }
  for (int i = 0; i < 5; ++i) CHECK(http.block("other", "42").body == "42");
  CHECK(json_member(http.get("/invocations/" + first).body, "state") == "running");
  server.kill_hard();
}

}  // namespace
}  // namespace sluice::test
