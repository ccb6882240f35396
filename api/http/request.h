// Request: one complete HTTP request, as a handler sees it.
//
// It is a view of its connection's buffers: valid until the handler returns. What is needed later
// is copied, or moved out in the case of the body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::api {

enum class Method : uint8_t { kGet, kHead, kPost, kPut, kDelete, kOther };
std::string_view to_string(Method method);

// Pieces of a path, after %XX has been decoded. A path of more segments matches no route.
inline constexpr size_t kMaxSegments = 8;

class Request {
 public:
  Method method = Method::kOther;

  // Path and query as they came: "/actions/a%20b/block", "wait=10".
  std::string_view path() const { return text(path_); }
  std::string_view raw_query() const { return text(query_); }

  size_t segment_count() const { return segment_count_; }
  std::string_view segment(size_t index) const { return text(segments_[index]); }

  // The path parameter that the route's pattern calls `:name`; empty when it has none.
  std::string_view param() const { return param_ < segment_count_ ? segment(param_) : ""; }
  void set_param(size_t segment) { param_ = segment; }

  // The value of the first header of that name, in whatever case. `name` in lower case.
  std::optional<std::string_view> header(std::string_view name) const;
  size_t header_count(std::string_view name) const;

  // The decoded value of a query parameter. kInvalid: a bad %XX, or given twice.
  Result<std::optional<std::string>> query(std::string_view name) const;

  // The whole body. May be moved from.
  std::string body;

  // ── filled in by the parser ──

  void clear();
  // Splits `target` (which lies in `head_`) into path segments and query. kInvalid: not a path we
  // understand.
  Status set_target(size_t begin, size_t size);

 private:
  friend class RequestParser;

  // A piece of head_, which may grow while it is filled.
  struct Piece {
    uint32_t at = 0;
    uint32_t size = 0;
  };
  struct Header {
    Piece name;
    Piece value;
  };

  std::string_view text(Piece piece) const { return {head_.data() + piece.at, piece.size}; }

  std::string head_;  // target, names and values, one after the other
  std::vector<Header> headers_;
  Piece path_, query_;
  Piece segments_[kMaxSegments];
  size_t segment_count_ = 0;
  size_t param_ = SIZE_MAX;
};

// Decodes %XX in place. nullopt: a '%' without two hexadecimal digits, or a NUL byte.
std::optional<size_t> percent_decode(char* text, size_t size);

bool equal_ignoring_case(std::string_view text, std::string_view lower_case);
bool same_ignoring_case(std::string_view a, std::string_view b);

}  // namespace sluice::api
