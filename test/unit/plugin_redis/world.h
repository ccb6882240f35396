// What the tests of the plugin share: the plugin on a Redis, and short words for what is said to
// it.
#pragma once

#include <string>

#include "test/contract/redis_keys.h"
#include "test/support/plugin/plugin_driver.h"
#include "test/support/services.h"

namespace sluice::test {

// "\"text\"", for texts that need no escapes.
inline std::string json(const std::string& text) {
  return "\"" + text + "\"";
}

// The plugin on the Redis that tests share. Its keys are its own, and gone at the end.
class SharedRedis {
  const std::string name_;

 public:
  // `more`: further members of the configuration, each with a comma in front.
  explicit SharedRedis(const std::string& more = "", PluginDriver::Options options = {})
      : name_(unique_name("plugin_redis")),
        prefix("{" + name_ + "}:"),
        plugin("redis.so",
               R"({"url":")" + shared_redis_url() + R"(","prefix":")" + prefix + "\"" + more + "}",
               options) {}
  ~SharedRedis() { remove_keys(name_); }

  // The answer's JSON, or "failed: …".
  std::string call(const std::string& action, const std::string& payload) {
    const PluginAnswer answer = plugin.call(action, payload);
    return answer.ok ? answer.text : "failed: " + answer.text;
  }
  // `args` as JSON without the brackets: R"("GET","key")".
  std::string command(const std::string& args, const std::string& more = "") {
    return call("command", "{\"args\":[" + args + "]" + more + "}");
  }
  // The JSON of a key's name as Redis knows it, for command().
  std::string key(const std::string& name) const { return json(prefix + name); }

  const std::string prefix;
  PluginDriver plugin;
};

// The plugin on a server on 127.0.0.1.
inline std::string config_at(int port, const std::string& more = "") {
  return R"({"host":"127.0.0.1","port":)" + std::to_string(port) + more + "}";
}

// Why the plugin does not open with this configuration; "" when it does.
std::string refusal_of(const std::string& config);

}  // namespace sluice::test
