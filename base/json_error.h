// Where and why a text is not the JSON that Sluice accepts. Slow and exact: only for the error
// path.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct JsonFault {
  size_t offset = 0;  // of the first byte that is wrong, or of the start of the value that is
  std::string why;    // "expected ',' or '}' after a value, got ';'"
};

// The first fault of `text`, by the rules of JsonChecker; nothing when there is none.
std::optional<JsonFault> find_json_fault(std::string_view text, size_t max_depth);

// "line 3, column 7 (offset 41)": lines and columns from 1, columns in characters, offsets in bytes
// from 0.
std::string describe_position(std::string_view text, size_t offset);

}  // namespace sluice
