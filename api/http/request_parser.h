// RequestParser: bytes in, one complete Request at a time out. Knows no sockets.
//
// llhttp does the parsing; here are the bounds, and the strictness beyond llhttp's.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <string_view>

#include "api/http/handler.h"
#include "api/http/request.h"

namespace sluice::api {

struct HttpLimits {
  size_t head_bytes = 16 << 10;  // request line and headers, as they come
  size_t headers = 100;
  size_t target_bytes = 8 << 10;
  size_t body_bytes = 1 << 20;
};

class RequestParser {
 public:
  explicit RequestParser(const HttpLimits& limits);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  enum class Step {
    kMore,     // all of the bytes are used, the request is not complete
    kRequest,  // request() is complete; the bytes behind it are left in `bytes`
    kFault,    // fault() says why; nothing more can be read
  };

  // Takes what it uses from the front of `bytes`. After kRequest: next() first.
  Step feed(std::string_view& bytes);
  void next();

  Request& request() { return request_; }
  const HttpFault& fault() const { return fault_; }

  bool keep_alive() const { return keep_alive_; }
  bool http_1_0() const { return http_1_0_; }
  bool started() const { return started_; }  // some byte of the next request has come
  bool in_body() const { return in_body_; }

  // True once when the client waits for "100 Continue" before it sends the body.
  bool take_continue();

 private:
  static const llhttp_settings_t* settings();
  static RequestParser& self(llhttp_t* parser);

  int on_target(std::string_view piece);
  int on_header_name(std::string_view piece);
  int on_header_value(std::string_view piece);
  int on_head_complete();
  int on_body(std::string_view piece);
  int on_complete();

  int check_headers();
  int refuse(int status, std::string code, std::string message, std::string where = {});
  void explain(llhttp_errno_t error);

  const HttpLimits& limits_;
  llhttp_t llhttp_;
  Request request_;
  HttpFault fault_;
  size_t head_bytes_ = 0;  // of this request, counted at each feed that did not complete the head
  size_t target_bytes_ = 0;
  bool faulted_ = false;
  bool in_value_ = false;  // the last piece belonged to a header's value
  bool started_ = false;
  bool in_body_ = false;
  bool trailer_ = false;  // headers after a chunked body: read and forgotten
  bool keep_alive_ = true;
  bool http_1_0_ = false;
  bool expects_continue_ = false;
};

}  // namespace sluice::api
