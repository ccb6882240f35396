// StatusPage: what a runner says of itself over HTTP, to those who watch over it: /healthz,
// /readyz, /metrics.
#pragma once

#include <string>

#include "api/http/server.h"
#include "api/router.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "queue/queue.h"
#include "sandbox/compiler.h"
#include "store/store.h"

namespace sluice {

class StatusPage {
 public:
  // All of them outlive it.
  StatusPage(Loop& loop, const Clock& clock, const Store& store, const Queue& queue,
             const Compiler& sandbox, Metrics& metrics, api::AccessOptions access);

  // `address`: as in the settings. The same rule as for the API: see Access::listening.
  Status listen(const std::string& address);
  const std::string& address() const { return server_.address(); }

  void set_tokens(api::Tokens tokens) { access_.set_tokens(std::move(tokens)); }

 private:
  api::Access access_;
  api::Router router_;
  api::Server server_;
};

}  // namespace sluice
