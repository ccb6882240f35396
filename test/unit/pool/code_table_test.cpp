#include "sandbox/pool/code_table.h"

#include <catch2/catch.hpp>

using namespace sluice;
using sluice::sandbox::CodeTable;

TEST_CASE("A code keeps the number it was added under") {
  CodeTable table;
  CHECK_FALSE(table.find(sha256("a")).has_value());
  const uint32_t a = table.add(sha256("a"), 10);
  const uint32_t b = table.add(sha256("b"), 10);
  CHECK(a != b);
  CHECK(table.find(sha256("a")) == a);
  CHECK(table.find(sha256("b")) == b);
  CHECK_FALSE(table.evict().has_value());
}

TEST_CASE("The least recently used code makes room, and numbers are not used again") {
  CodeTable table({.codes = 2, .bytes = 1000});
  const uint32_t a = table.add(sha256("a"), 10);
  const uint32_t b = table.add(sha256("b"), 10);
  CHECK(table.find(sha256("a")) == a);
  const uint32_t c = table.add(sha256("c"), 10);
  CHECK(table.evict() == b);
  CHECK_FALSE(table.evict().has_value());
  CHECK_FALSE(table.find(sha256("b")).has_value());
  CHECK(table.add(sha256("b"), 10) > c);
}

TEST_CASE("Bytes bound the table too, but the newest code stays") {
  CodeTable table({.codes = 100, .bytes = 100});
  const uint32_t a = table.add(sha256("a"), 60);
  table.add(sha256("b"), 500);
  CHECK(table.evict() == a);
  CHECK_FALSE(table.evict().has_value());
  CHECK(table.find(sha256("b")).has_value());
}
