// What the plugin asks of MongoDB, as it goes over the wire.
#include <bson/bson.h>

#include <cstring>
#include <map>

#include "test/support/tcp_proxy.h"
#include "test/unit/plugin_mongo/people.h"

namespace sluice::test {
namespace {

constexpr int32_t kOpMsg = 2013;
constexpr size_t kHead = 16, kFlagsAndKind = 5;

int32_t int_at(const std::string& bytes, size_t at) {
  int32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

size_t times(const std::string& word, const std::string& text) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

// The commands in what a client sent, by name: each whole message, and its limit of time; -1 where
// the command itself has none.
void read_commands(const std::string& sent,
                   std::map<std::string, std::pair<std::string, int64_t>>& into) {
  for (size_t at = 0; at + kHead + kFlagsAndKind < sent.size();) {
    const auto size = static_cast<size_t>(int_at(sent, at));
    REQUIRE(size >= kHead);
    REQUIRE(at + size <= sent.size());
    const std::string message = sent.substr(at, size);
    at += size;
    if (int_at(message, 12) != kOpMsg) continue;
    const auto* body = reinterpret_cast<const uint8_t*>(message.data()) + kHead + kFlagsAndKind;
    bson_t command;
    bson_iter_t name, limit;
    REQUIRE(bson_init_static(&command, body,
                             static_cast<size_t>(int_at(message, kHead + kFlagsAndKind))));
    REQUIRE(bson_iter_init(&name, &command));
    REQUIRE(bson_iter_next(&name));
    const bool limited = bson_iter_init_find(&limit, &command, "maxTimeMS");
    into[bson_iter_key(&name)] = {message, limited ? bson_iter_as_int64(&limit) : -1};
  }
}

TEST_CASE("mongo: each command says how long it may take, where MongoDB looks for it") {
  const std::string url = shared_mongo_url();
  TcpProxy proxy(std::stoi(url.substr(url.rfind(':') + 1)));
  proxy.record();
  PluginDriver::Options options;
  options.timeout = std::chrono::seconds(20);
  PluginDriver plugin("mongo.so",
                      R"({"url":"mongodb://127.0.0.1:)" + std::to_string(proxy.port()) +
                          R"(","database":")" + unique_name("plugin") + "\"}",
                      options);
  const std::pair<const char*, const char*> calls[] = {
      {"insert", R"("data":{"_id":1})"},
      {"find", R"("filter":{"_id":1})"},
      {"update", R"("filter":{"_id":1},"update":{"$set":{"a":1}})"},
      {"aggregate", R"("pipeline":[])"},
      {"delete", R"("filter":{"_id":1})"}};
  for (const auto& [action, rest] : calls) {
    const PluginAnswer answer =
        plugin.call(action, R"({"collection":"people",)" + std::string(rest) + "}");
    INFO(action << ": " << answer.text);
    REQUIRE(answer.ok);
  }

  std::map<std::string, std::pair<std::string, int64_t>> commands;
  for (const std::string& sent : proxy.recorded()) read_commands(sent, commands);
  for (const auto& [action, rest] : calls) {
    INFO(action);
    REQUIRE(commands.count(action) == 1);
    const auto& [message, limit] = commands[action];
    CHECK(limit > 0);
    CHECK(limit <= 20'000);
    CHECK(times("maxTimeMS", message) == 1);  // and nowhere else
  }
}

}  // namespace
}  // namespace sluice::test
