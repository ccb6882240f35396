#include "base/time_format.h"

#include <cstdio>
#include <ctime>

namespace sluice {

std::string to_rfc3339(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto millis = static_cast<int>((time - seconds).count());
  const std::time_t unix_seconds = seconds.time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&unix_seconds, &utc);
  char text[40];
  const size_t used = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + used, sizeof text - used, ".%03dZ", millis);
  return text;
}

}  // namespace sluice
