// HeadScanner: lets strict HTTP/1 heads through to llhttp, and nothing else.
//
// llhttp 8.1.0 reads some heads as it likes: a bare CR ends a line (CVE-2023-30589), blanks in and
// before a name are skipped (CVE-2024-27982), CR LF CR and any byte end the headers
// (CVE-2025-23167). Where a proxy in front of us reads the same bytes otherwise, a request can be
// hidden in another. So every byte passes here first, and llhttp gets a head only when it is whole.
//
// What is found wrong, and at which byte, does not depend on the pieces in which the bytes come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/limits.h"

namespace sluice::api {

class HeadScanner {
 public:
  enum class Step {
    kMore,   // all of the bytes belong to the head, which goes on
    kEnd,    // the head ends within the bytes
    kFault,  // fault() says why
  };

  explicit HeadScanner(const HttpLimits& limits) : limits_(limits) {}

  void begin();           // a request: line, headers, empty line
  void begin_trailers();  // what may follow a chunked body: headers, empty line

  // `used` becomes the number of bytes that belong to the head.
  Step scan(std::string_view bytes, size_t& used);

  const HttpFault& fault() const { return fault_; }

 private:
  enum class State : uint8_t {
    kBefore,  // one empty line may precede a request
    kBeforeLf,
    kMethod,
    kTarget,
    kVersion,
    kVersionLf,
    kLine,  // at the first byte of a header line, or of the empty one
    kName,
    kValue,
    kValueLf,
    kEndLf,
  };

  // Each takes what it can from the front; false: fault() says why.
  bool before(const char*& at);
  bool method(const char*& at, const char* end);
  bool target(const char*& at, const char* end);
  bool version(const char*& at);
  bool line(const char*& at);
  bool name(const char*& at, const char* end);
  bool value(const char*& at, const char* end);
  bool line_feed(const char*& at, State next);

  bool refuse(std::string message, int status = 400, std::string code = "bad_request");
  std::string where() const;

  const HttpLimits& limits_;
  HttpFault fault_;
  size_t size_ = 0;    // bytes of this head so far
  size_t target_ = 0;  // of them the target's
  size_t lines_ = 0;   // header lines that have begun
  char version_[8] = {};
  uint8_t method_size_ = 0;
  uint8_t version_size_ = 0;
  State state_ = State::kBefore;
  bool blank_seen_ = false;
  bool trailers_ = false;
};

}  // namespace sluice::api
