#include "apps/sluice/status_page.h"

#include <utility>
#include <vector>

#include "api/readiness.h"
#include "apps/sluice/options.h"

namespace sluice {
namespace {

using api::ErrorShape;
using api::Method;
using api::Request;
using api::Responder;

std::vector<api::Route> make_routes(const Store& store, const Queue& queue, const Compiler& sandbox,
                                    Metrics& metrics) {
  const auto healthz = [](Request&, Responder responder) {
    responder.answer(api::json_reply(200, R"({"status":"alive"})"));
  };
  const auto readyz = [&store, &queue, &sandbox](Request&, Responder responder) {
    responder.answer(api::readiness_reply(store, queue, sandbox));
  };
  const auto figures = [&metrics](Request&, Responder responder) {
    api::Reply reply = api::text_reply(200, metrics.text());
    reply.type = api::ContentType::kMetrics;
    responder.answer(reply);
  };
  std::vector<api::Route> routes;
  routes.push_back({Method::kGet, "/healthz", api::Role::kProbe, ErrorShape::kJson, healthz});
  routes.push_back({Method::kGet, "/readyz", api::Role::kProbe, ErrorShape::kJson, readyz});
  routes.push_back({Method::kGet, "/metrics", api::Role::kRead, ErrorShape::kJson, figures});
  return routes;
}

}  // namespace

StatusPage::StatusPage(Loop& loop, const Clock& clock, const Store& store, const Queue& queue,
                       const Compiler& sandbox, Metrics& metrics, api::AccessOptions access)
    : access_(std::move(access)),
      router_(make_routes(store, queue, sandbox, metrics), access_),
      server_(loop, clock, router_, {}) {}

Status StatusPage::listen(const std::string& address) {
  const auto [host, port] = split_address(address);
  if (Status bound = server_.listen(host, port); !bound.ok()) return bound;
  return access_.listening(host, server_.address());
}

}  // namespace sluice
