#include "api/http/head_scanner.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace sluice::api {
namespace {

constexpr size_t kMaxMethod = 24;

enum : uint8_t { kToken = 1, kText = 2, kVisible = 4 };

// RFC 9110: token (names), field content (values), and the visible bytes a target is made of.
constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool sign =
        std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    uint8_t is = 0;
    if (alphanumeric || (c < 0x80 && sign)) is |= kToken;
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) is |= kText;
    if (c > 0x20 && c < 0x7f) is |= kVisible;
    classes[static_cast<size_t>(c)] = is;
  }
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = make_classes();

bool is(char c, uint8_t what) {
  return (kClasses[static_cast<unsigned char>(c)] & what) != 0;
}

// A byte as a message shows it: 'x', or its number where a terminal should not see it.
std::string shown(char c) {
  if (is(c, kVisible)) return fmt::format("'{}'", c);
  if (c == ' ') return "a space";
  if (c == '\t') return "a tab";
  if (c == '\r') return "CR";
  if (c == '\n') return "LF";
  return fmt::format("byte 0x{:02x}", static_cast<unsigned char>(c));
}

constexpr std::string_view kBareLf = "a line must end with CR LF, not with LF alone";

}  // namespace

void HeadScanner::begin() {
  size_ = target_ = lines_ = 0;
  method_size_ = version_size_ = 0;
  state_ = State::kBefore;
  blank_seen_ = trailers_ = false;
}

void HeadScanner::begin_trailers() {
  begin();
  state_ = State::kLine;
  trailers_ = true;
}

HeadScanner::Step HeadScanner::scan(std::string_view bytes, size_t& used) {
  const std::string_view room = bytes.substr(0, limits_.head_bytes - size_);
  const char* at = room.data();
  const char* const end = at + room.size();
  bool good = true;
  bool ended = false;
  while (good && !ended && at != end) {
    switch (state_) {
      case State::kBefore:
        good = before(at);
        break;
      case State::kBeforeLf:
        good = line_feed(at, State::kBefore);
        break;
      case State::kMethod:
        good = method(at, end);
        break;
      case State::kTarget:
        good = target(at, end);
        break;
      case State::kVersion:
        good = version(at);
        break;
      case State::kVersionLf:
      case State::kValueLf:
        good = line_feed(at, State::kLine);
        break;
      case State::kLine:
        good = line(at);
        break;
      case State::kName:
        good = name(at, end);
        break;
      case State::kValue:
        good = value(at, end);
        break;
      case State::kEndLf:
        good = ended = line_feed(at, State::kBefore);
        break;
    }
  }
  used = static_cast<size_t>(at - room.data());
  size_ += used;
  if (good && !ended && room.size() < bytes.size()) {
    good =
        refuse(fmt::format("the {} must not exceed {} bytes",
                           trailers_ ? "trailers" : "request line and headers", limits_.head_bytes),
               431, "head_too_large");
  }
  return !good ? Step::kFault : ended ? Step::kEnd : Step::kMore;
}

// ── the request line ──

bool HeadScanner::before(const char*& at) {
  if (*at == '\r' && !blank_seen_) {
    blank_seen_ = true;
    state_ = State::kBeforeLf;
    ++at;
    return true;
  }
  if (*at < 'A' || *at > 'Z')
    return refuse(fmt::format("not HTTP: a request begins with a method such as GET, not with {}",
                              shown(*at)));
  state_ = State::kMethod;
  return true;
}

bool HeadScanner::method(const char*& at, const char* end) {
  for (; at != end; ++at) {
    if ((*at >= 'A' && *at <= 'Z') || *at == '-') {
      if (++method_size_ > kMaxMethod) return refuse("not HTTP: the method is too long");
    } else if (*at == ' ') {
      state_ = State::kTarget;
      ++at;
      return true;
    } else {
      return refuse(fmt::format("not HTTP: expected a space after the method, got {}", shown(*at)));
    }
  }
  return true;
}

bool HeadScanner::target(const char*& at, const char* end) {
  for (; at != end && is(*at, kVisible); ++at) {
    if (++target_ > limits_.target_bytes) {
      return refuse(
          fmt::format("the request target must not exceed {} bytes", limits_.target_bytes), 414,
          "target_too_long");
    }
  }
  if (at == end) return true;
  if (*at == ' ' && target_ > 0) {
    state_ = State::kVersion;
    ++at;
    return true;
  }
  if (*at == '\r' || *at == '\n')
    return refuse("the request line must be: method, target, HTTP/1.1");
  return refuse(fmt::format("{} must not be in the request target; percent-encode it", shown(*at)));
}

bool HeadScanner::version(const char*& at) {
  if (*at == '\n') return refuse(std::string(kBareLf));
  if (*at != '\r') {
    if (version_size_ == sizeof version_ || !is(*at, kVisible))
      return refuse("the request line must end with the version, HTTP/1.1");
    version_[version_size_++] = *at++;
    return true;
  }
  const std::string_view version(version_, version_size_);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != 8 || !version.starts_with("HTTP/") || !digit(version[5]) ||
      version[6] != '.' || !digit(version[7]))
    return refuse("the request line must end with the version, HTTP/1.1");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse("only HTTP/1.0 and HTTP/1.1 are spoken here", 505, "http_version");
  state_ = State::kVersionLf;
  ++at;
  return true;
}

// ── header lines ──

bool HeadScanner::line(const char*& at) {
  if (*at == '\r') {
    state_ = State::kEndLf;
    ++at;
    return true;
  }
  if (++lines_ > limits_.headers) {
    return refuse(fmt::format("at most {} headers are read", limits_.headers), 431,
                  "too_many_headers");
  }
  if (*at == ' ' || *at == '\t')
    return refuse("a header must not be continued on a further line, nor begin with a blank");
  if (*at == '\n') return refuse(std::string(kBareLf));
  if (*at == ':') return refuse("a header needs a name before its colon");
  state_ = State::kName;
  return true;
}

bool HeadScanner::name(const char*& at, const char* end) {
  while (at != end && is(*at, kToken)) ++at;
  if (at == end) return true;
  if (*at == ':') {
    state_ = State::kValue;
    ++at;
    return true;
  }
  if (*at == ' ' || *at == '\t')
    return refuse("no blank may be in a header's name or before its colon");
  if (*at == '\r' || *at == '\n') return refuse("a header must be: name, colon, value");
  return refuse(fmt::format("{} must not be in a header's name", shown(*at)));
}

bool HeadScanner::value(const char*& at, const char* end) {
  while (at != end && is(*at, kText)) ++at;
  if (at == end) return true;
  if (*at == '\n') return refuse(std::string(kBareLf));
  if (*at != '\r') return refuse(fmt::format("{} must not be in a header's value", shown(*at)));
  state_ = State::kValueLf;
  ++at;
  return true;
}

bool HeadScanner::line_feed(const char*& at, State next) {
  if (*at != '\n')
    return refuse(fmt::format("a line must end with CR LF, not with CR and {}", shown(*at)));
  state_ = next;
  ++at;
  return true;
}

// ── faults ──

std::string HeadScanner::where() const {
  if (lines_ == 0) return trailers_ ? "trailers" : "request line";
  return fmt::format("{} {}", trailers_ ? "trailer" : "header", lines_);
}

bool HeadScanner::refuse(std::string message, int status, std::string code) {
  fault_ = {status, std::move(code), std::move(message), where()};
  return false;
}

}  // namespace sluice::api
