// GET /metrics: everything counted, in Prometheus' text format. Gauges of the backlog are taken
// now.
#include "api/services.h"

namespace sluice::api {
namespace {

void set_backlog(Services& services, const Counts& counts) {
  Metrics& metrics = services.metrics;
  metrics.gauge("sluice_queue_depth", "Invocations that are due and wait")
      .set(static_cast<double>(counts.queued));
  metrics.gauge("sluice_scheduled", "Invocations that are not due yet")
      .set(static_cast<double>(counts.scheduled));
  metrics.gauge("sluice_running", "Invocations at a runner")
      .set(static_cast<double>(counts.running));
  double oldest = 0;
  if (counts.oldest_due) {
    const Millis age = std::max(Millis(0), services.clock.wall() - *counts.oldest_due);
    oldest = std::chrono::duration<double>(age).count();
  }
  metrics.gauge("sluice_queue_oldest_seconds", "How long the longest waiting one has been due")
      .set(oldest);
}

void set_server(Services& services) {
  services.metrics.gauge("sluice_http_waiting", "Requests that wait for an invocation's end")
      .set(static_cast<double>(services.waiters.size()));
  services.router->publish(services.metrics);
}

}  // namespace

Route make_route_metrics(Services& services) {
  return {Method::kGet, "/metrics", Role::kRead, ErrorShape::kJson,
          [&services](Request&, Responder responder) {
            services.store.count(services.options.ns,
                                 services.alive.guard([&services, responder = std::move(responder)](
                                                          const Result<Counts>& counts) mutable {
                                   // A store that is away is no reason to hide the other figures.
                                   if (counts.ok())
                                     set_backlog(services, *counts);
                                   else
                                     services.log.warn("Cannot count invocations: {}",
                                                       counts.error().text());
                                   set_server(services);
                                   Reply reply = text_reply(200, services.metrics.text());
                                   reply.type = ContentType::kMetrics;
                                   responder.answer(reply);
                                 }));
          }};
}

}  // namespace sluice::api
