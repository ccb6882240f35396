#include "test/support/services.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "base/clock.h"
#include "base/uuid.h"

namespace sluice::test {
namespace {

std::string address(const char* variable, const char* file) {
  if (const char* value = std::getenv(variable); value && *value) return value;
  std::string line;
  std::ifstream(std::string(SLUICE_SOURCE_DIR) + "/build/services/" + file) >> line;
  if (line.empty())
    FAIL("this test needs a database: run scripts/services up (or set " << variable << ")");
  return line;
}

}  // namespace

std::string shared_redis_url() {
  return address("SLUICE_TEST_REDIS_URL", "redis.url");
}

std::string shared_mongo_url() {
  return address("SLUICE_TEST_MONGO_URL", "mongo.url");
}

std::string unique_name(const std::string& start) {
  const SystemClock clock;
  std::string id = UuidGenerator(clock).next().text();
  std::erase(id, '-');
  return start + "_" + id;
}

}  // namespace sluice::test
