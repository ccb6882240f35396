// kill -9 at any moment: what was answered is there afterwards.
#include <random>
#include <sstream>

#include "test/unit/plugin_kv/kv_world.h"

namespace sluice::test {
namespace {

TEST_CASE("What was answered outlives kill -9, wherever it strikes") {
  KvWorld at;
  std::mt19937 random(11);
  const std::string answered = at.folder / "answered";
  size_t lines = 0;
  for (int round = 0; round < 5; ++round) {
    at.store.reset();
    {
      const size_t enough = lines + 20 + random() % 200;
      Program child({KV_CHILD, at.path(), answered}, {}, "");
      REQUIRE(eventually([&] {
        const std::string text = read_file(answered);
        return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) >= enough;
      }));
      child.kill_hard();
    }
    at.open();
    std::istringstream all(read_file(answered));
    std::string key;
    int64_t version = 0, last = 0;
    size_t missing = 0, wrong = 0;
    for (lines = 0; all >> key >> version; ++lines) {
      const auto entry = at.get(key);
      missing += !entry.has_value();
      wrong += entry && (entry->version != version || entry->value != '"' + key + '"');
      last = std::max(last, version);
    }
    CHECK(missing == 0);
    CHECK(wrong == 0);
    CHECK(std::stoll(at.value("sum")) >= static_cast<int64_t>(lines));
    CHECK(at.set("mine", "1") > last);
  }
}

}  // namespace
}  // namespace sluice::test
