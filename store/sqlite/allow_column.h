// The column `allow` of actions and invocations: names with commas between them, which no name has;
// empty: none; NULL: all that are configured.
#pragma once

#include <string>

#include "store/record.h"
#include "store/sqlite/database.h"

namespace sluice::sqlite {

// What bind_allow() is given: binding does not copy.
inline std::optional<std::string> allow_text(const Allow& allow) {
  if (!allow) return std::nullopt;
  std::string text;
  for (const std::string& name : *allow) text += (text.empty() ? "" : ",") + name;
  return text;
}

inline void bind_allow(Statement& to, const std::optional<std::string>& text) {
  text ? to.bind(std::string_view(*text)) : to.bind_null();
}

inline Allow read_allow(Statement& row) {
  if (row.next_is_null()) {
    row.skip();
    return std::nullopt;
  }
  const std::string text = row.read_text();
  std::vector<std::string> names;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    names.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

}  // namespace sluice::sqlite
