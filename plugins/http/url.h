// A URL as libcurl reads it. The same handle is given to the transfer, so that no second parser can
// see another host in it.
#pragma once

#include <string>
#include <string_view>

#include "plugins/http/curl.h"
#include "plugins/http/hosts.h"

namespace sluice::http {

class Url {
 public:
  // Throws Failure when it is none, has a user or password, or a host that programs read in
  // different ways. Forms that libcurl knows to be an IPv4 address ("0x7f.1") become that address.
  static Url parse(std::string_view text);

  // Where "Location: `reference`" of an answer from here leads. Throws Failure like parse().
  Url follow(std::string_view reference) const;

  const Target& target() const { return target_; }
  std::string text() const;  // without a fragment
  CURLU* handle() const { return handle_.get(); }

  static constexpr size_t kMaxBytes = 8192;

 private:
  Url() = default;
  void set(std::string_view text);

  UrlHandle handle_;
  Target target_;
};

}  // namespace sluice::http
