// Responder: the right to answer one request, once, now or later.
//
// Move-only. May be used from anywhere on the loop's thread, also when the client has gone in the
// meantime: then the answer is dropped. A Responder that is destroyed unanswered answers 500, so no
// request hangs.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "api/http/reply.h"

namespace sluice::api {

class Connection;

// What a connection leaves behind for those who still want to answer.
struct ConnectionLink {
  Connection* connection = nullptr;  // null once it is closed
};

class Responder {
 public:
  Responder() = default;
  Responder(std::shared_ptr<ConnectionLink> link, uint64_t request)
      : link_(std::move(link)), request_(request) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept {
    if (this != &other) {
      abandon();
      link_ = std::move(other.link_);
      request_ = other.request_;
      shape_ = other.shape_;
    }
    return *this;
  }
  ~Responder() { abandon(); }

  explicit operator bool() const { return link_ != nullptr; }  // not answered yet

  void answer(const Reply& reply);

  // Answers an error in the shape that the route has.
  void fail(const Error& error) { answer(error_reply(shape_, error)); }
  void fail(int status, std::string_view code, std::string_view message,
            std::string_view where = {}) {
    answer(error_reply(shape_, status, code, message, where));
  }

  ErrorShape shape() const { return shape_; }
  void set_shape(ErrorShape shape) { shape_ = shape; }

  // Counts the answer's status class (status / 100) when it comes. `classes` outlives the server.
  void count_in(uint64_t* classes);

  // The answer may be read by web pages of this origin (CORS).
  void share_with(std::string_view origin);

 private:
  void abandon();

  std::shared_ptr<ConnectionLink> link_;
  uint64_t request_ = 0;
  ErrorShape shape_ = ErrorShape::kJson;
};

}  // namespace sluice::api
