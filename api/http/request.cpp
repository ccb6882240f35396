#include "api/http/request.h"

#include <algorithm>

namespace sluice::api {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

Error bad_target(std::string message) {
  return {Code::kInvalid, "request target", message};
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kDelete:
      return "DELETE";
    case Method::kOther:
      break;
  }
  return "(other)";
}

bool equal_ignoring_case(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<size_t> percent_decode(char* text, size_t size) {
  size_t out = 0;
  for (size_t in = 0; in < size; ++in, ++out) {
    char c = text[in];
    if (c == '%') {
      if (in + 2 >= size) return std::nullopt;
      const int high = hex_digit(text[in + 1]);
      const int low = hex_digit(text[in + 2]);
      if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      in += 2;
    }
    text[out] = c;
  }
  return out;
}

void Request::clear() {
  constexpr size_t kKeep = 64 << 10;
  method = Method::kOther;
  if (body.capacity() > kKeep) body = std::string();
  body.clear();
  head_.clear();
  headers_.clear();
  path_ = query_ = {};
  segment_count_ = 0;
  param_ = SIZE_MAX;
}

Status Request::set_target(size_t begin, size_t size) {
  // An absolute form (`GET http://host/path`) means the same as its path.
  std::string_view target(head_.data() + begin, size);
  for (std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() ||
        !equal_ignoring_case(target.substr(0, scheme.size()), scheme))
      continue;
    const size_t slash = target.find_first_of("/?#", scheme.size());
    if (slash == std::string_view::npos || target[slash] != '/')
      return bad_target("an absolute target needs a path");
    begin += slash;
    size -= slash;
    target = {head_.data() + begin, size};
    break;
  }
  if (target.empty() || target[0] != '/') return bad_target("must begin with '/'");
  if (target.find('#') != std::string_view::npos) return bad_target("must not contain '#'");

  const size_t question = std::min(target.find('?'), target.size());
  path_ = {static_cast<uint32_t>(begin), static_cast<uint32_t>(question)};
  if (question < size) {
    query_ = {static_cast<uint32_t>(begin + question + 1),
              static_cast<uint32_t>(size - question - 1)};
  }

  segment_count_ = 0;
  size_t at = 1;
  while (at <= question) {
    const size_t end = std::min(std::min(target.find('/', at), question), question);
    if (segment_count_ == kMaxSegments) {
      segment_count_ = 0;  // matches nothing
      break;
    }
    Piece& segment = segments_[segment_count_++];
    segment = {static_cast<uint32_t>(begin + at), static_cast<uint32_t>(end - at)};
    if (target.substr(at, end - at).find('%') != std::string_view::npos) {
      // Decoded into a copy at the end, so that path() stays as it came.
      const std::string copy(target.substr(at, end - at));
      segment.at = static_cast<uint32_t>(head_.size());
      head_ += copy;
      const auto decoded = percent_decode(head_.data() + segment.at, copy.size());
      if (!decoded)
        return bad_target("has a '%' that two hexadecimal digits do not follow, or %00");
      segment.size = static_cast<uint32_t>(*decoded);
      target = {head_.data() + begin, size};
    }
    at = end + 1;
  }
  return Ok{};
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const Header& header : headers_) {
    if (equal_ignoring_case(text(header.name), name)) return text(header.value);
  }
  return std::nullopt;
}

size_t Request::header_count(std::string_view name) const {
  return static_cast<size_t>(std::count_if(
      headers_.begin(), headers_.end(),
      [&](const Header& header) { return equal_ignoring_case(text(header.name), name); }));
}

Result<std::optional<std::string>> Request::query(std::string_view name) const {
  const auto decoded = [](std::string_view text) -> std::optional<std::string> {
    std::string copy(text);
    std::replace(copy.begin(), copy.end(), '+', ' ');
    const auto size = percent_decode(copy.data(), copy.size());
    if (!size) return std::nullopt;
    copy.resize(*size);
    return copy;
  };
  std::optional<std::string> found;
  std::string_view rest = raw_query();
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) != name) continue;
    if (found) return Error{Code::kInvalid, "?" + std::string(name), "is given twice"};
    found = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!found)
      return Error{Code::kInvalid, "?" + std::string(name),
                   "has a '%' that two hexadecimal digits do not follow"};
  }
  return found;
}

}  // namespace sluice::api
