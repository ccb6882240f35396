#include "plugins/http/answer.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

#include "plugins/http/text.h"
#include "plugins/support/args.h"

namespace sluice::http {
namespace {

using plugin::quote;

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string join(const std::vector<std::string>& values) {
  std::string all;
  for (const std::string& value : values) all += (&value == &values.front() ? "" : ", ") + value;
  return all;
}

// Where the body ends, by the Content-Length of an answer: one number, or the same one again
// (RFC 9112, 6.3). libcurl takes the last line's, and of each as many digits as there are: two who
// read the same answer would see different ones. Nothing where it is none; a number beyond 64 bits
// is the largest of them.
std::optional<uint64_t> length_of(const std::vector<std::string>& values) {
  const std::string all = join(values);
  std::optional<uint64_t> length;
  for (size_t at = 0; at <= all.size();) {
    const size_t comma = std::min(all.find(',', at), all.size());
    const std::string_view digits = trim(std::string_view(all).substr(at, comma - at));
    uint64_t one = std::numeric_limits<uint64_t>::max();
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), one);
    if (read.ec == std::errc::invalid_argument || read.ptr != digits.data() + digits.size() ||
        one != length.value_or(one))
      return {};
    length = one;
    at = comma + 1;
  }
  return length;
}

std::string array_of(const std::vector<std::string>& values) {
  std::string json = "[";
  for (const std::string& value : values) json += (json.size() == 1 ? "" : ",") + quote(value);
  return json + "]";
}

}  // namespace

bool Answer::add_line(std::string_view line, bool has_body) {
  header_bytes_ += line.size();
  if (header_bytes_ > max_header_bytes_) {
    problem_ = "the answer's headers have more than " + std::to_string(max_header_bytes_) +
               " bytes ('max_header_bytes')";
    return false;
  }
  if (line.substr(0, 5) == "HTTP/") {
    begin(line);
  } else if (!in_head_) {
    // Trailers: nobody asked for them, and they must not change what the head said.
  } else if (const bool folded = line.front() == ' ' || line.front() == '\t'; trim(line).empty()) {
    return end_of_head(has_body);
  } else if (folded) {
    if (last_ != nullptr) last_->back() += " " + std::string(trim(line));
  } else if (const size_t colon = line.find(':'); is_token(line.substr(0, colon))) {
    last_ = &headers_[lower(line.substr(0, colon))];
    last_->emplace_back(colon == line.npos ? "" : trim(line.substr(colon + 1)));
  } else {
    last_ = nullptr;
  }
  return true;
}

// Also after 100, 103 and the like: only the last head counts.
void Answer::begin(std::string_view status_line) {
  in_head_ = true;
  headers_.clear();
  last_ = nullptr;
  status_ = 0;
  const size_t space = status_line.find(' ');
  if (space == status_line.npos) return;
  const std::string_view number = status_line.substr(space + 1);
  std::from_chars(number.data(), number.data() + number.size(), status_);
}

bool Answer::end_of_head(bool has_body) {
  in_head_ = false;
  if (!has_body || status_ < 200 || status_ == 204 || status_ == 304) return true;
  const auto lengths = headers_.find("content-length");
  if (lengths == headers_.end()) return true;
  const auto bytes = length_of(lengths->second);
  if (bytes && *bytes <= max_body_bytes_) return true;
  if (bytes) return refuse_body(*header("content-length"));
  problem_ = "the answer's Content-Length is not one number: where its body ends is not certain";
  return false;
}

bool Answer::refuse_body(const std::string& size) {
  problem_ = "the answer's body has " + size + " bytes; at most " +
             std::to_string(max_body_bytes_) + " are taken ('max_answer_bytes')";
  return false;
}

bool Answer::add_body(std::string_view piece) {
  if (piece.size() > max_body_bytes_ - body_.size())
    return refuse_body("more than " + std::to_string(max_body_bytes_));
  body_ += piece;
  return true;
}

std::optional<std::string> Answer::header(const std::string& name) const {
  const auto found = headers_.find(name);
  if (found == headers_.end()) return {};
  return found->second.front();
}

std::string Answer::json(std::string_view url) const {
  std::string json = "{\"status\":" + std::to_string(status_) + ",\"headers\":{";
  bool first = true;
  for (const auto& [name, values] : headers_) {
    json += (first ? "" : ",") + quote(name) + ":";
    // Their dates have commas in them.
    json += name == "set-cookie" ? array_of(values) : quote(join(values));
    first = false;
  }
  json += "},";
  if (simdjson::validate_utf8(body_.data(), body_.size())) {
    json += "\"body\":" + quote(body_);
  } else {
    json += "\"body_base64\":\"" + base64(body_) + "\"";
  }
  return json + ",\"url\":" + quote(url) + "}";
}

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) out += j <= count ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

}  // namespace sluice::http
