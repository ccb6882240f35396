#include "api/api.h"

#include "api/route_table.h"
#include "api/services.h"

namespace sluice::api {
namespace {

constexpr Millis kWaiterTick{50};     // how late a wait may end
constexpr Millis kLastAnswers{250};   // for answers to reach clients when the grace is over
constexpr size_t kAskedAtOnce = 256;  // invocations that the store is asked about, unasked for

}  // namespace

struct Api::Impl {
  Impl(ApiParts the_parts, ApiOptions the_options)
      : parts(the_parts),
        options(std::move(the_options)),
        waiter_timer(parts.loop),
        ask_timer(parts.loop),
        drain_timer(parts.loop),
        ids(parts.clock),
        catalog(parts.store, parts.compiler, parts.seal, parts.clock, parts.log,
                {options.ns, options.action_max_age, options.cached_actions}),
        submitter(parts.loop, parts.store, parts.queue, parts.log, parts.metrics,
                  options.dispatch_before_durable),
        waiters(parts.store, parts.clock, options.max_waiting,
                [this] { waiter_timer.every(kWaiterTick, [this] { tick_waiters(); }); }),
        services{parts.store,   parts.queue, parts.compiler, parts.clock, parts.log,
                 parts.metrics, options,     catalog,        submitter,   waiters,
                 ids,           json,        alive},
        access(options.access),
        router(make_routes(services), access),
        server(parts.loop, parts.clock, router, options.server) {
    services.router = &router;
    parts.queue.subscribe(
        alive.guard([this](std::span<const Announcement> news) { waiters.hear(news); }));
    if (options.ask_after > Millis(0))
      ask_timer.every(options.ask_after / 2, [this] { ask_about_overlooked(); });
  }

  void tick_waiters() {
    if (!waiters.tick()) waiter_timer.stop();
  }

  void ask_about_overlooked() {
    for (const Uuid& id : waiters.overlooked(options.ask_after, kAskedAtOnce)) {
      parts.store.find(id, alive.guard([this, id](const Result<Invocation>& found) {
        if (!found.ok() || !is_finished(found->progress.state)) return;
        const Announcement news[] = {{id, Announcement::Phase::kDurable, found->report}};
        waiters.hear(news);
      }));
    }
  }

  void drain(Millis grace, std::function<void()> done) {
    services.draining = true;
    server.drain([this, done = std::move(done)] {
      drain_timer.stop();
      if (done) done();
    });
    drain_timer.once(grace, [this] { end_waits(); });
  }

  void end_waits() {
    waiters.give_up();
    drain_timer.once(kLastAnswers, [this] { server.close_all(); });
  }

  ApiParts parts;
  const ApiOptions options;
  Timer waiter_timer;
  Timer ask_timer;
  Timer drain_timer;
  UuidGenerator ids;
  JsonChecker json;
  Catalog catalog;
  Submitter submitter;
  Waiters waiters;
  Lifetime alive;
  Services services;
  Access access;
  Router router;
  Server server;
};

Api::Api(ApiParts parts, ApiOptions options)
    : impl_(std::make_unique<Impl>(parts, std::move(options))) {}
Api::~Api() = default;

Status Api::listen(const std::string& host, int port) {
  // Nothing is accepted before the loop turns: what must not listen is gone by then.
  if (Status bound = impl_->server.listen(host, port); !bound.ok()) return bound;
  return impl_->access.listening(host, impl_->server.address());
}
const std::string& Api::address() const {
  return impl_->server.address();
}
int Api::port() const {
  return impl_->server.port();
}

void Api::drain(Millis grace, std::function<void()> done) {
  impl_->drain(grace, std::move(done));
}

void Api::end_waits() {
  impl_->end_waits();
}

void Api::set_tokens(Tokens tokens) {
  impl_->access.set_tokens(std::move(tokens));
}

std::vector<Router::Listed> Api::routes() const {
  return impl_->router.routes();
}
void Api::tick_connections() {
  impl_->server.tick();
}
void Api::tick_waiters() {
  impl_->tick_waiters();
}
size_t Api::waiting() const {
  return impl_->waiters.size();
}
size_t Api::connections() const {
  return impl_->server.connection_count();
}

}  // namespace sluice::api
