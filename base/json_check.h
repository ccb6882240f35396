// What the door accepts as JSON: payloads are checked here and then kept as the bytes that came.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace sluice {

inline constexpr size_t kMaxJsonDepth = 64;

// A reusable checker (it keeps simdjson's buffers); one thread at a time.
//
// Accepts one JSON value of any kind: UTF-8, depth at most kMaxJsonDepth, integers within int64,
// other numbers within binary64, no key twice in one object. An error is kInvalid and says what is
// wrong and where ("line 3, column 7 (offset 41)").
class JsonChecker {
 public:
  JsonChecker();
  ~JsonChecker();
  JsonChecker(const JsonChecker&) = delete;
  JsonChecker& operator=(const JsonChecker&) = delete;

  Status check(std::string_view text);

 private:
  struct Impl;
  Impl* impl_;
};

}  // namespace sluice
