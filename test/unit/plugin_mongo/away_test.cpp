// A server that is not there, stops, goes and comes back.
#include <thread>

#include "test/support/databases.h"
#include "test/support/tcp_proxy.h"
#include "test/unit/plugin_mongo/people.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;
using std::chrono::milliseconds;

const char* const kCount = R"({"collection":"people"})";

int port_of(const std::string& url) {
  return std::stoi(url.substr(url.rfind(':') + 1));
}

// A plugin behind a network that can be spoiled.
struct Distant {
  explicit Distant(milliseconds timeout) : proxy(port_of(shared_mongo_url())) {
    PluginDriver::Options options;
    options.timeout = timeout;
    plugin = std::make_unique<PluginDriver>(
        "mongo.so",
        R"({"url":"mongodb://127.0.0.1:)" + std::to_string(proxy.port()) + R"(","database":")" +
            unique_name("plugin") + R"(","server_selection_timeout":"30s"})",
        options);
  }
  TcpProxy proxy;
  std::unique_ptr<PluginDriver> plugin;
};

TEST_CASE("mongo: the plugin opens without a server, and calls fail with a clear word") {
  PluginDriver plugin("mongo.so", R"({"url":"mongodb://ann:hunter2@127.0.0.1:)" +
                                      std::to_string(free_port()) +
                                      R"(","server_selection_timeout":"100ms"})");
  for (int i = 0; i < 3; ++i) {
    const PluginAnswer answer = plugin.call("count", kCount);
    CHECK_FALSE(answer.ok);
    CHECK(answer.text == "MongoDB cannot be reached; the server's log says more");
  }
  // Where it is, is for the log: once, however often it happens.
  const std::string logged = plugin.logged();
  CHECK_THAT(logged, Contains("127.0.0.1") && !Contains("hunter2"));
  CHECK(std::count(logged.begin(), logged.end(), '\n') == 1);
}

TEST_CASE("mongo: arguments are checked without a server") {
  PluginDriver plugin("mongo.so",
                      R"({"url":"mongodb://127.0.0.1:)" + std::to_string(free_port()) + "\"}");
  CHECK_THAT(plugin.call("find", R"({"collection":"system.users"})").text,
             Contains("'collection'"));
  CHECK_THAT(plugin.call("find", "[1]").text, Contains("the payload must be an object"));
  CHECK_THAT(plugin.call("insert", R"({"collection":"a","data":{"$oid":1},"b":1})").text,
             Contains("unknown key 'b'"));
  CHECK(plugin.logged().empty());
}

TEST_CASE(
    "mongo: a server that takes the question and does not answer holds no call for longer than its "
    "time") {
  Distant distant(milliseconds(1'500));
  REQUIRE(distant.plugin->call("count", kCount).ok);
  distant.proxy.set(TcpProxy::Mode::kDropAnswers);
  const PluginAnswer answer =
      distant.plugin->call("insert", R"({"collection":"people","data":{}})");
  CHECK_FALSE(answer.ok);
  CHECK_THAT(answer.text,
             Contains("what was asked for may have been done") || Contains("cannot be reached"));
}

TEST_CASE("mongo: a login that is refused is for who runs the server") {
  PluginDriver plugin("mongo.so", R"({"url":"mongodb://ann:hunter2@127.0.0.1:)" +
                                      std::to_string(port_of(shared_mongo_url())) + "\"}");
  const PluginAnswer answer = plugin.call("count", kCount);
  CHECK_FALSE(answer.ok);
  CHECK(answer.text == "MongoDB refuses the plugin's login; the server's log says more");
  CHECK_THAT(plugin.logged(), Contains("mongo: ") && !Contains("hunter2"));
}

TEST_CASE("mongo: a connection that was cut is made again") {
  Distant distant(milliseconds(30'000));
  REQUIRE(distant.plugin->call("count", kCount).ok);
  distant.proxy.cut();
  CHECK(eventually([&] { return distant.plugin->call("count", kCount).ok; }));
}

TEST_CASE("mongo: a server that comes back is used again") {
  MongoServer server;
  PluginDriver plugin("mongo.so",
                      R"({"url":")" + server.url() + R"(","server_selection_timeout":"1s"})");
  REQUIRE(plugin.call("insert", R"({"collection":"people","data":{"_id":1}})").ok);
  server.kill_hard();
  CHECK_FALSE(plugin.call("count", kCount).ok);
  server.restart();
  CHECK(eventually([&] { return plugin.call("count", kCount).ok; }));
}

}  // namespace
}  // namespace sluice::test
