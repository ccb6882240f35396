// What a fuzz target says when something is not as it must be: the program ends there, and
// libFuzzer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace sluice::fuzz {

inline void check(bool good, std::string_view what, std::string_view detail = {}) {
  if (good) return;
  std::fprintf(stderr, "FOUND: %.*s\n", static_cast<int>(what.size()), what.data());
  if (!detail.empty()) {
    std::fprintf(stderr, "  ");
    for (const char c : detail) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20 && byte < 0x7f) {
        std::fputc(c, stderr);
      } else {
        std::fprintf(stderr, "\\x%02x", byte);
      }
    }
    std::fprintf(stderr, "\n");
  }
  std::abort();
}

}  // namespace sluice::fuzz
