// Api: the HTTP interface as one part. What programs use:
//
//   Api api({loop, store, queue, compiler, seal, clock, log, metrics}, options);
//   if (Status status = api.listen("127.0.0.1", 8080); !status) …
//   loop.run();
//   …
//   api.drain(grace, [&] { loop.stop(); });
//
// Lives on the loop's thread. Subscribes to the queue's announcements (a queue has one subscriber).
// Store, queue and compiler may still call back after it is gone.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/http/request.h"
#include "api/options.h"
#include "api/router.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/seal.h"
#include "queue/queue.h"
#include "sandbox/compiler.h"
#include "store/store.h"

namespace sluice::api {

// All of them outlive the Api.
struct ApiParts {
  Loop& loop;
  Store& store;
  Queue& queue;
  Compiler& compiler;
  const Seal& seal;  // of the bytecode in the store
  const Clock& clock;
  Log& log;
  Metrics& metrics;
};

class Api {
 public:
  Api(ApiParts parts, ApiOptions options);
  ~Api();  // closes every connection
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // See Server::listen and Access::listening.
  Status listen(const std::string& host, int port);
  const std::string& address() const;  // "127.0.0.1:8080"
  int port() const;

  // Accepts nothing more: neither connections nor, on those there are, invocations (503). Requests
  // that wait get their answers for up to `grace`; then they are told where things stand, and what
  // is still open a moment later is closed. Then calls `done`.
  void drain(Millis grace, std::function<void()> done);

  // While draining: nothing more will end, so those who wait are told now where things stand.
  void end_waits();

  // Whoever asks from now on is measured against these. The list is not empty.
  void set_tokens(Tokens tokens);

  // What it answers, for those who describe it.
  std::vector<Router::Listed> routes() const;

  // The time checks that its own timers make: of connections each second, of waiting requests
  // several times a second. For tests with a clock of their own.
  void tick_connections();
  void tick_waiters();
  size_t waiting() const;  // requests
  size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::api
