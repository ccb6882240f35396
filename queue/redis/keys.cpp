#include "queue/redis/keys.h"

#include <fmt/core.h>

#include <charconv>

namespace sluice::redis {
namespace {

// All of `text`.
template <class Number>
bool read_number(std::string_view text, Number& number, int base) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && rest == end;
}

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

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned byte = 0;
    if (text.size() < 3 || !read_number(text.substr(1, 2), byte, 16)) return std::nullopt;
    out += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return out;
}

}  // namespace

std::optional<ActionRule> read_rule(std::string_view name, std::string_view value) {
  const size_t slash = name.find('/'), blank = value.find(' ');
  if (slash == std::string_view::npos || blank != 1) return std::nullopt;
  const auto ns = decoded(name.substr(0, slash)), action = decoded(name.substr(slash + 1));
  ActionRule rule;
  if (!ns || !action || !read_number(value.substr(2), rule.rule.max_delivered, 10))
    return std::nullopt;
  rule.ns = *ns;
  rule.action = *action;
  rule.rule.paused = value.front() == '1';
  return rule;
}

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
