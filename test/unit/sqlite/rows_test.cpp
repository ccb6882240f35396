#include <catch2/catch.hpp>

#include "store/sqlite/invocation_rows.h"

using namespace sluice;
using namespace sluice::sqlite;

TEST_CASE("A history comes back as it was", "[rows]") {
  std::vector<Attempt> history;
  for (uint32_t i = 1; i <= 3; ++i)
    history.push_back({i, WallTime(Millis(1'000 * i)), WallTime(Millis(1'000 * i + 7)),
                       Outcome::kOutOfMemory, std::string(i * 80, 'm')});
  std::string bytes;
  encode_history(history, bytes);
  const auto back = decode_history(bytes);
  REQUIRE(back.size() == 3);
  CHECK(back[2].number == 3);
  CHECK(back[2].started_at == WallTime(Millis(3'000)));
  CHECK(back[2].ended_at == WallTime(Millis(3'007)));
  CHECK(back[2].outcome == Outcome::kOutOfMemory);
  CHECK(back[2].message == std::string(240, 'm'));
}

TEST_CASE("A damaged history gives no attempts", "[rows]") {
  std::string bytes;
  encode_history({{1, {}, {}, Outcome::kFailed, "message"}}, bytes);
  for (size_t length = 1; length < bytes.size(); ++length)
    CHECK(decode_history(std::string_view(bytes).substr(0, length)).empty());
  CHECK(decode_history("").empty());
  CHECK(decode_history("\x02whatever").empty());
}
