// Tidies up after a test in the shared Redis.
#pragma once

#include <string>

#include "queue/redis/connection.h"
#include "test/support/services.h"

namespace sluice::test {

// Removes every key of the fleet `prefix`.
inline void remove_keys(const std::string& prefix) {
  Metrics metrics;
  const redis::Scripts scripts;
  const auto address = redis::parse_url(shared_redis_url());
  if (!address.ok()) return;
  redis::Connection connection({*address}, scripts, metrics);
  if (!connection.connect().ok()) return;
  std::string cursor = "0";
  do {
    const auto page = connection.call_one(
        {nullptr, {"SCAN", cursor, "MATCH", "{" + prefix + "}:*", "COUNT", "1000"}});
    if (!page.ok() || !redis::is_array(**page) || (*page)->elements != 2) return;
    cursor = redis::text_of(*(*page)->element[0]);
    const redisReply& keys = *(*page)->element[1];
    for (size_t i = 0; i < keys.elements; ++i) {
      const std::string key(redis::text_of(*keys.element[i]));
      if (!connection.call_one({nullptr, {"UNLINK", key}}).ok()) return;
    }
  } while (cursor != "0");
}

}  // namespace sluice::test
