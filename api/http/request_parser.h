// RequestParser: bytes in, one complete Request at a time out. Knows no sockets.
//
// llhttp does the parsing. It gets to see only what HeadScanner, read_head() and ChunkScanner have
// let through: a head when it is whole, chunks as far as they are well framed, trailers never.
#pragma once

#include <llhttp.h>

#include <string>
#include <string_view>

#include "api/http/chunk_scanner.h"
#include "api/http/head_rules.h"
#include "api/http/head_scanner.h"
#include "api/http/limits.h"
#include "api/http/request.h"

namespace sluice::api {

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
  bool http_1_0() const { return facts_.http_1_0; }
  bool started() const { return started_; }  // some byte of the next request has come
  bool in_body() const { return in_body_; }

  // True once when the client waits for "100 Continue" before it sends the body.
  bool take_continue();

 private:
  static const llhttp_settings_t* settings();
  static RequestParser& self(llhttp_t* parser);

  Step feed_head(std::string_view& bytes);
  Step feed_chunks(std::string_view& bytes);
  Step feed_trailers(std::string_view& bytes);
  Step parse(std::string_view bytes);  // by llhttp

  void on_target(std::string_view piece);
  void on_header_name(std::string_view piece);
  void on_header_value(std::string_view piece);
  void on_header_value_end();
  int on_head_complete();
  int on_body(std::string_view piece);
  int on_complete();

  Step refuse(HttpFault fault);
  Step explain(llhttp_errno_t error);

  const HttpLimits& limits_;
  llhttp_t llhttp_;
  HeadScanner scanner_;
  ChunkScanner chunks_;
  HeadFacts facts_;
  std::string head_;  // of a head that came in pieces: what has come
  Request request_;
  HttpFault fault_;
  size_t target_bytes_ = 0;
  bool faulted_ = false;
  bool in_value_ = false;  // the last piece belonged to a header's value
  bool started_ = false;
  bool in_body_ = false;
  bool in_trailers_ = false;
  bool keep_alive_ = true;
};

}  // namespace sluice::api
