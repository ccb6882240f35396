// One call: its request, the hops that redirects make of it, and its answer.
//
// Lives on the client's thread once it was handed over.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "plugins/http/answer.h"
#include "plugins/http/curl.h"
#include "plugins/http/request.h"
#include "plugins/http/settings.h"
#include "sluice/plugin.hpp"

namespace sluice::http {

class Transfer {
 public:
  using Clock = std::chrono::steady_clock;

  Transfer(const Settings& settings, Request request, plugin::Reply reply);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // The handle, ready for the next hop; not while it is in a multi handle. Throws Failure.
  CURL* prepare();

  // A hop ended. True: the next one is to be prepared; else the call was answered.
  bool finish(CURLcode code) noexcept;

  // Answers where time is up or nobody waits any more. False: it goes on.
  bool give_up(Clock::time_point now);
  void fail(const std::string& message);

  bool answered() const { return answered_; }
  bool needs_lookup() const;  // the next hop's host is a name
  // A name is being looked up. libcurl would wait for the end of that when the handle is taken
  // away; so it stays, answered, and ends at the next step.
  bool looking_up() const { return stage_ == Stage::kLookup; }
  Clock::time_point deadline() const { return deadline_; }  // when give_up() is due next

  CURL* easy() const { return easy_.get(); }

 private:
  enum class Stage { kWaiting, kLookup, kConnecting, kConnected };

  bool end_hop(CURLcode code);
  void set_request();
  void set_limits();
  void succeed();
  std::string explain(CURLcode code) const;
  const char* stage_name() const;
  bool address_fits(const std::optional<Address>& address);

  static int on_lookup(void*, void*, void* self);
  static curl_socket_t on_socket(void* self, curlsocktype, curl_sockaddr* address);
  static int on_connected(void* self, char* remote, char* local, int, int);
  static size_t on_line(char* data, size_t, size_t size, void* self);
  static size_t on_body(char* data, size_t, size_t size, void* self);

  const Settings& settings_;
  Request request_;
  plugin::Reply reply_;
  bool answered_ = false;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point until_;            // of the whole call
  Clock::time_point connect_until_{};  // of connecting, once it began
  Clock::time_point deadline_;

  Lines lines_, resolve_;
  char detail_[CURL_ERROR_SIZE] = "";
  Easy easy_;  // after what it points to
  Stage stage_ = Stage::kWaiting;
  bool sent_ = false;  // this hop's request, once at least
  Answer answer_;
  std::string refused_;  // why an address was, if one was
  unsigned redirects_ = 0;
};

}  // namespace sluice::http
