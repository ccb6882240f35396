// Texts from plugins and from Lua code, on their way into messages and logs: neither can be trusted
// to be short, printable or UTF-8.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice::plugins {

// One line of valid UTF-8: control characters become blanks, bytes that are not UTF-8 U+FFFD. A
// text longer than `max_bytes` is cut between two characters, and ends with "…".
std::string one_line(std::string_view text, size_t max_bytes);

// Whether `text` is printable UTF-8 of 1 to `max_bytes` bytes.
bool is_name(std::string_view text, size_t max_bytes);

// "insert, query": at most `most` of them, then "…".
std::string enumerate(std::span<const std::string> names, size_t most);

}  // namespace sluice::plugins
