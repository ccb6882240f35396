#include "base/json_check.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <cstring>
#include <memory>

#include "base/json_error.h"
#include "base/json_keys.h"

namespace sluice {
namespace {

constexpr std::string_view kOperation = "json";

// A text longer than this leaves no buffer behind: one large payload should not cost memory for
// ever.
constexpr size_t kKeptCapacity = 256 << 10;

// A string of simdjson's buffer: its length in four bytes, then its bytes, unescaped.
std::string_view text_at(const simdjson::dom::document& document, uint64_t word) {
  const uint8_t* at = document.string_buf.get() + (word & ((uint64_t{1} << 56) - 1));
  uint32_t size;
  std::memcpy(&size, at, sizeof size);
  return {reinterpret_cast<const char*>(at + sizeof size), size};
}

// Walks simdjson's tape: a word for each item, its kind in the top byte; numbers have a second
// word.
bool acceptable(const simdjson::dom::document& document, JsonKeys& keys) {
  const uint64_t* tape = document.tape.get();
  const size_t end = static_cast<size_t>(tape[0] & ((uint64_t{1} << 56) - 1));
  uint64_t objects = 0;  // of the open levels, which are objects: the innermost in the lowest bit
  size_t depth = 0;
  bool key_next = false;
  keys.clear();
  for (size_t at = 1; at < end; ++at) {
    const char kind = static_cast<char>(tape[at] >> 56);
    if (key_next && kind == '"') {
      keys.add(text_at(document, tape[at]));
      key_next = false;
      continue;
    }
    switch (kind) {
      case 'u':  // larger than int64
        return false;
      case 'l':
      case 'd':
        ++at;
        break;
      case '{':
        if (++depth > kMaxJsonDepth) return false;
        objects = objects << 1 | 1;
        keys.begin_object();
        break;
      case '[':
        if (++depth > kMaxJsonDepth) return false;
        objects <<= 1;
        break;
      case '}':
        if (!keys.end_object()) return false;
        [[fallthrough]];
      case ']':
        --depth;
        objects >>= 1;
        break;
      default:
        break;
    }
    key_next = (objects & 1) != 0;
  }
  return true;
}

static_assert(kMaxJsonDepth <= 64, "a bit for each level");

}  // namespace

struct JsonChecker::Impl {
  // simdjson reads up to SIMDJSON_PADDING bytes beyond the text.
  bool reserve(size_t size) {
    if (buffer && size <= capacity) return true;
    capacity = std::max<size_t>(size, 4096);
    buffer.reset(new (std::nothrow) char[capacity + simdjson::SIMDJSON_PADDING]());
    if (!buffer) capacity = 0;
    // One more level than allowed, so that the depth is judged by `acceptable` alone.
    return buffer && parser.allocate(capacity, kMaxJsonDepth + 2) == simdjson::SUCCESS;
  }

  void shrink() {
    buffer.reset();
    capacity = 0;
    parser = simdjson::dom::parser();
  }

  simdjson::dom::parser parser;
  JsonKeys keys;
  std::unique_ptr<char[]> buffer;
  size_t capacity = 0;
};

JsonChecker::JsonChecker() : impl_(new Impl) {}
JsonChecker::~JsonChecker() {
  delete impl_;
}

Status JsonChecker::check(std::string_view text) {
  if (!impl_->reserve(text.size()))
    return Error{Code::kUnavailable, std::string(kOperation), "no memory to check the text"};
  // An empty text may have no bytes to point at; simdjson calls it empty by itself.
  if (!text.empty()) std::memcpy(impl_->buffer.get(), text.data(), text.size());
  const simdjson::error_code error =
      impl_->parser.parse(impl_->buffer.get(), text.size(), false).error();
  const bool good = error == simdjson::SUCCESS && acceptable(impl_->parser.doc, impl_->keys);
  if (impl_->capacity > kKeptCapacity) impl_->shrink();
  if (good) return {};

  const auto fault = find_json_fault(text, kMaxJsonDepth);
  if (!fault) return Error{Code::kInvalid, std::string(kOperation), simdjson::error_message(error)};
  return Error{Code::kInvalid, std::string(kOperation),
               fmt::format("{}: {}", describe_position(text, fault->offset), fault->why)};
}

}  // namespace sluice
