// ChunkScanner: lets strictly framed chunks through to llhttp, and nothing else.
//
// A chunk is: its size in hexadecimal, perhaps extensions, CR LF, its bytes, CR LF. Extensions are
// read over, and bounded. As with HeadScanner, what is found does not depend on the pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/limits.h"

namespace sluice::api {

class ChunkScanner {
 public:
  enum class Step {
    kMore,   // all of the bytes are well framed; the body goes on
    kLast,   // the line of the last chunk, of size 0, ends within the bytes: trailers follow
    kFault,  // fault() says why
  };

  explicit ChunkScanner(const HttpLimits& limits) : limits_(limits) {}

  void begin();

  // `used` becomes the number of bytes that were looked at.
  Step scan(std::string_view bytes, size_t& used);

  const HttpFault& fault() const { return fault_; }

 private:
  enum class State : uint8_t { kSize, kExtension, kSizeLf, kData, kDataCr, kDataLf };

  bool size_line(char c);
  bool refuse(std::string message, int status = 400, std::string code = "bad_request");

  const HttpLimits& limits_;
  HttpFault fault_;
  uint64_t left_ = 0;      // of this chunk's bytes
  uint64_t total_ = 0;     // of all chunks' sizes
  size_t extensions_ = 0;  // bytes of them, in all chunks
  uint8_t digits_ = 0;
  State state_ = State::kSize;
};

}  // namespace sluice::api
