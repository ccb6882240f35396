// Result<T>: a value, or an error that says what failed, in which operation, and why.
//
// Nothing in Sluice throws across a port, libuv, llhttp or Lua. A function that can fail returns a
// Result; one that has nothing to give back on success returns a Status. Both must be looked at.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice {

// What a caller can do about an error. The HTTP status follows from it (api/http/reply.cpp).
enum class Code {
  kInvalid,      // the input is wrong; the message says where and what would be right
  kNotFound,     // no such record
  kConflict,     // it exists already
  kRefused,      // not yours (any more): the claim token is not the current one, the state does not
                 // allow it
  kFull,         // a bound was reached; the same call can work in a moment
  kUnavailable,  // the disk is full, the database is away; the same call can work later
  kInternal,     // ours: a bug, a broken file
};

std::string_view to_string(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string operation;  // "store.insert", "config.lua"
  std::string message;    // one line, for a person

  std::string text() const { return operation.empty() ? message : operation + ": " + message; }
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return assert(ok()), std::get<0>(state_); }
  const T& value() const& { return assert(ok()), std::get<0>(state_); }
  T&& value() && { return assert(ok()), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return assert(!ok()), std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

struct Ok {};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Ok) {}
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const { return assert(!ok_), error_; }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;

}  // namespace sluice
