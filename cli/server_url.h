// ServerUrl: where a server is, checked once and normalised.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::cli {

class ServerUrl {
 public:
  // Accepts "http://host:port/prefix/", and "host:port" for http. kInvalid says what is wrong with
  // anything else.
  static Result<ServerUrl> parse(std::string_view text);

  // "http://host:port/prefix", without a slash at the end: a path can be appended.
  const std::string& text() const { return text_; }
  // The same with a password, if there is one, left out.
  const std::string& shown() const { return shown_; }
  bool is_loopback() const { return loopback_; }

 private:
  std::string text_;
  std::string shown_;
  bool loopback_ = false;
};

}  // namespace sluice::cli
