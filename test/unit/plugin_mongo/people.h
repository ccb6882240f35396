// A plugin on the shared MongoDB, in a database of the test's own.
#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "test/support/plugin/plugin_driver.h"
#include "test/support/services.h"

namespace sluice::test {

class People {
 public:
  // `more`: of the configuration, such as R"("max_documents":3)".
  explicit People(const std::string& more = "", PluginDriver::Options options = {})
      : database_(unique_name("plugin")),
        plugin_("mongo.so",
                R"({"url":")" + shared_mongo_url() + R"(","database":")" + database_ + '"' +
                    (more.empty() ? "" : "," + more) + '}',
                options) {}

  // Answers what the action does; fails the test when it fails. `rest`: of the payload, behind the
  // collection.
  std::string ask(const std::string& action, const std::string& rest = "") {
    const PluginAnswer answer = plugin_.call(action, payload(rest));
    INFO(action << ' ' << rest << ": " << answer.text);
    REQUIRE(answer.ok);
    return answer.text;
  }

  // The message with which it fails; fails the test when it does not.
  std::string refused(const std::string& action, const std::string& rest = "") {
    const PluginAnswer answer = plugin_.call(action, payload(rest));
    INFO(action << ' ' << rest << ": " << answer.text);
    REQUIRE_FALSE(answer.ok);
    return answer.text;
  }

  void insert(const std::string& data) { ask("insert", R"("data":)" + data); }

  PluginDriver& plugin() { return plugin_; }
  const std::string& database() const { return database_; }

 private:
  static std::string payload(const std::string& rest) {
    return R"({"collection":"people")" + (rest.empty() ? "" : "," + rest) + '}';
  }

  const std::string database_;
  PluginDriver plugin_;
};

}  // namespace sluice::test
