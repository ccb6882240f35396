// An API is killed while requests wait at it. It keeps nothing: any other answers for what was
// accepted.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

TEST_CASE(
    "fleet: what was submitted to one API is waited for at another, and resolved when the first is "
    "dead") {
  Fleet fleet;
  HttpProgram& first = fleet.start_api();
  HttpProgram& second = fleet.start_api();
  create_actions(first.url());
  Http http(first.url());
  Accepted accepted;
  std::vector<std::string> ids;
  for (int i = 0; i < 8; ++i)
    ids.push_back(accepted.submit_one(http, "double", R"({"n":)" + std::to_string(i) + "}",
                                      std::to_string(2 * i)));

  // Requests wait at both: nobody runs anything yet.
  std::vector<std::thread> waiting;
  std::vector<Reply> replies(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    waiting.emplace_back([&, i] {
      Http own(i % 2 ? second.url() : first.url());
      replies[i] = own.get("/invocation/" + ids[i] + "?wait=60000");
    });
  }
  const auto waits_at = [](const HttpProgram& api) {
    Http asks(api.url());
    const std::string text = asks.get("/metrics").body;
    const size_t at = text.find("\nsluice_http_waiting ");
    return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + 21);
  };
  REQUIRE(eventually([&] { return waits_at(first) == 4 && waits_at(second) == 4; }));
  first.kill_hard();
  fleet.start_runner();
  for (std::thread& thread : waiting) thread.join();
  for (size_t i = 1; i < ids.size(); i += 2) {
    CHECK(replies[i].status == 200);
    CHECK(replies[i].body == std::to_string(2 * i));
  }
  Http other(second.url());
  for (size_t i = 0; i < ids.size(); ++i)
    CHECK(other.resolve(ids[i]).body == std::to_string(2 * i));
  accepted.check_all(fleet);
}

}  // namespace
}  // namespace sluice::test
