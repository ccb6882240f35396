// Text from outside in an error: one line, and not too long.
#pragma once

#include <string>
#include <string_view>

namespace sluice::plugin::mongo {

// At most `most` bytes of it, whole characters, "…" where there were more. Control characters
// become spaces. `text` is UTF-8, but may have been cut in the middle of a character.
inline std::string shown(std::string_view text, size_t most) {
  const bool cut = text.size() > most;
  std::string line(text.substr(0, most));
  size_t start = line.size();  // of the last character
  while (start > 0 && (line[start - 1] & 0xc0) == 0x80) --start;
  if (start > 0) {
    const auto lead = static_cast<unsigned char>(line[start - 1]);
    const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (line.size() - (start - 1) < length) line.resize(start - 1);
  }
  for (char& byte : line)
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) byte = ' ';
  return cut ? line + "…" : line;
}

}  // namespace sluice::plugin::mongo
