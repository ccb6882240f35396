#include "api/http/chunk_scanner.h"

#include <fmt/core.h>

#include <algorithm>

namespace sluice::api {
namespace {

constexpr uint8_t kMaxDigits = 16;
constexpr size_t kMaxExtensions = 4 << 10;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

void ChunkScanner::begin() {
  left_ = total_ = 0;
  extensions_ = 0;
  digits_ = 0;
  state_ = State::kSize;
}

ChunkScanner::Step ChunkScanner::scan(std::string_view bytes, size_t& used) {
  for (used = 0; used < bytes.size();) {
    if (state_ == State::kData) {
      const size_t taken = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size() - used));
      left_ -= taken;
      used += taken;
      if (left_ == 0) state_ = State::kDataCr;
      continue;
    }
    const char c = bytes[used++];
    switch (state_) {
      case State::kSize:
      case State::kExtension:
        if (!size_line(c)) return Step::kFault;
        break;
      case State::kSizeLf:
        if (c != '\n') return refuse("a chunk's size must end with CR LF"), Step::kFault;
        digits_ = 0;
        if (left_ == 0) return Step::kLast;
        state_ = State::kData;
        break;
      case State::kDataCr:
        if (c != '\r') return refuse("a chunk must end with CR LF after its bytes"), Step::kFault;
        state_ = State::kDataLf;
        break;
      case State::kDataLf:
        if (c != '\n') return refuse("a chunk must end with CR LF after its bytes"), Step::kFault;
        state_ = State::kSize;
        break;
      case State::kData:
        break;
    }
  }
  return Step::kMore;
}

bool ChunkScanner::size_line(char c) {
  if (c == '\r' && digits_ > 0) {
    total_ += left_;
    if (total_ > limits_.body_bytes) {
      return refuse(fmt::format("the body must not exceed {} bytes", limits_.body_bytes), 413,
                    "body_too_large");
    }
    state_ = State::kSizeLf;
    return true;
  }
  if (state_ == State::kExtension) {
    if (++extensions_ > kMaxExtensions)
      return refuse(fmt::format("chunk extensions must not exceed {} bytes", kMaxExtensions));
    return is_text(c) || refuse("a chunk extension must be text, and end with CR LF");
  }
  const int digit = hex_digit(c);
  if (digit >= 0) {
    if (++digits_ > kMaxDigits)
      return refuse(fmt::format("a chunk's size must not have more than {} digits", kMaxDigits));
    left_ = left_ * 16 + static_cast<uint64_t>(digit);
    // More than this is never read; and so the sum cannot overflow.
    left_ = std::min<uint64_t>(left_, limits_.body_bytes + 1);
    return true;
  }
  if (c == ';' && digits_ > 0) {
    state_ = State::kExtension;
    return true;
  }
  return refuse("a chunk's size must be hexadecimal digits, and end with CR LF");
}

bool ChunkScanner::refuse(std::string message, int status, std::string code) {
  fault_ = {status, std::move(code), std::move(message), "body"};
  return false;
}

}  // namespace sluice::api
