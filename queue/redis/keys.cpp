#include "queue/redis/keys.h"

#include <fmt/core.h>

namespace sluice::redis {
namespace {

void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '.' || c == '-';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
}

}  // namespace

std::string lane_name(const Lane& lane) {
  std::string name = std::to_string(lane.priority);
  for (const std::string* part : {&lane.ns, &lane.queue, &lane.action}) {
    name += '/';
    append_encoded(name, *part);
  }
  return name;
}

std::string rule_name(std::string_view ns, std::string_view action) {
  std::string name;
  append_encoded(name, ns);
  name += '/';
  append_encoded(name, action);
  return name;
}

}  // namespace sluice::redis
