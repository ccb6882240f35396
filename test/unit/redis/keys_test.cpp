// Names in Redis, and what travels under them.
#include "queue/redis/keys.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <tuple>

#include "queue/redis/listener.h"
#include "queue/redis/steps.h"

using namespace sluice;
using redis::Keys;
using redis::lane_name;
using redis::read_announcement;
using redis::rule_name;

TEST_CASE("redis keys: all names of a fleet share its hash tag, and no other fleet's") {
  const Keys keys("blue");
  CHECK(keys.base() == "{blue}:");
  for (const std::string& name :
       {keys.wake(), keys.wake_of("p"), keys.held("r"), keys.held("}{green}"), keys.ended()}) {
    INFO(name);
    CHECK(name.starts_with("{blue}:"));
  }
}

TEST_CASE("redis keys: a plain lane reads as it is") {
  CHECK(lane_name({}) == "0/default/default/");
  CHECK(lane_name({.ns = "n", .queue = "q", .action = "Send_mail-2.0", .priority = -7}) ==
        "-7/n/q/Send_mail-2.0");
  CHECK(rule_name("n", "a/b") == "n/a%2Fb");
}

TEST_CASE("redis keys: lanes that differ have names that differ, whatever they hold") {
  const std::string parts[] = {
      "",  "a", "/", "a/", "/a", "%", "%2F", "%2f", "a",        "a%2", "F",
      ":", "{", "}", " ",  "\n", "A", "@",   "0/a", "\xc3\xa4", "-",   std::string("\0", 1)};
  std::set<std::string> names;
  std::set<std::tuple<std::string, std::string, std::string, int>> lanes;
  for (const std::string& ns : parts) {
    for (const std::string& queue : parts) {
      for (const std::string& action : parts) {
        for (const int priority : {0, -1, 10}) {
          lanes.emplace(ns, queue, action, priority);
          names.insert(lane_name({ns, queue, action, priority}));
        }
      }
    }
  }
  CHECK(names.size() == lanes.size());
  // Scripts split a name at its slashes, and rules at their space.
  for (const std::string& name : names) {
    if (std::count(name.begin(), name.end(), '/') != 3) FAIL(name);
    if (name.find_first_of(" \n{}@:") != std::string::npos) FAIL(name);
  }
}

TEST_CASE("redis keys: an announcement of another version is not read") {
  Uuid id;
  id.bytes.fill(7);
  const std::string ids = redis::bytes_of(id);
  CHECK(read_announcement("").empty());
  CHECK(read_announcement("\x01").empty());
  CHECK(read_announcement("\x01" + ids) == std::vector<Uuid>{id});
  CHECK(read_announcement("\x01" + ids + ids).size() == 2);
  CHECK(read_announcement("\x02" + ids).empty());
  CHECK(read_announcement(ids).empty());
  CHECK(read_announcement("\x01" + ids.substr(1)).empty());    // cut off
  CHECK(read_announcement("\x01" + ids + "abc").size() == 1);  // a rest that is no id
}
