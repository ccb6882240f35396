#include "test/unit/redis/world.h"

#include "queue/redis/connection.h"
#include "test/contract/redis_keys.h"

namespace sluice::test {

std::string say(const std::string& url, std::vector<std::string> words) {
  Metrics metrics;
  const redis::Scripts scripts;
  const auto address = redis::parse_url(url);
  if (!address.ok()) FAIL(address.error().text());
  redis::Connection connection({*address}, scripts, metrics);
  if (const Status connected = connection.connect(); !connected.ok())
    FAIL(connected.error().text());
  const auto reply = connection.call_one({nullptr, std::move(words)});
  if (!reply.ok()) FAIL(reply.error().text());
  if ((*reply)->type == REDIS_REPLY_INTEGER) return std::to_string((*reply)->integer);
  return std::string(redis::text_of(**reply));
}

SharedFleet::~SharedFleet() {
  remove_keys(prefix);
}

}  // namespace sluice::test
