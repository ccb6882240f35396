// PluginHost: the plugins of config.lua, loaded, and their calls: how they wait, for how long, and
// what comes back. Serves the port plugins/plugins.h.
//
// The loop's thread only keeps the books: who waits, until when. A plugin's own threads run its
// calls and check its answers (instance.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "base/result.h"
#include "plugins/host/instance.h"
#include "plugins/host/library.h"
#include "plugins/plugins.h"

namespace sluice::plugins {

struct PluginOptions {
  InstanceOptions instance;
  LibraryPlace library;
  std::string origin;  // for errors: "config.lua:7"
};

class PluginHost final : public Plugins {
 public:
  static constexpr Millis kOpenLimit{60'000};

  // Everything outlives it.
  PluginHost(Loop& loop, const Clock& clock, Log& log, Metrics& metrics);
  // stop(), if that has not been called.
  ~PluginHost() override;

  // Loads and opens them one after the other, in this order, and says so in the log. The first that
  // fails is the error: kInvalid for a library that is missing or wrong, kUnavailable for one that
  // does not open. Blocks; once, before anything else.
  Status open(std::vector<PluginOptions> plugins, Millis limit = kOpenLimit);

  const std::vector<std::string>& names() const override { return names_; }
  CallId call(Call call, std::function<void(Answer)> done) override;
  void hang_up(CallId id) override;

  // The end, after which nobody is answered any more: nothing begins, what is under way is told and
  // has this long to come back; then each plugin that is quiet is closed. Blocks. False:
  // threads are left inside of plugins. They do no harm, but the process must end by _exit(),
  // without destroying what libraries hold.
  bool stop(Millis grace);

 private:
  struct Hosted;
  struct Waiter {
    CallId id = 0;                     // of who used it last
    std::function<void(Answer)> done;  // none: it is free
    Hosted* hosted = nullptr;
    std::optional<Ticket> ticket;  // none: it was not accepted
    MonoTime began{};
    MonoTime deadline{};
  };

  Status open_one(PluginOptions plugin, Millis limit);
  Hosted* find(const std::string& name);
  std::string unknown_plugin(const std::string& name) const;
  Waiter* waiter(CallId id);
  CallId new_waiter();
  void let_go(CallId id);
  CallId refuse(CallId id, std::string why);
  void answer(CallId id, Answer answer);
  void arrived(Hosted& hosted);
  void watch(MonoTime deadline);
  void end_overdue();
  void report_load();

  Loop& loop_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  std::vector<std::string> names_;               // sorted
  std::vector<std::unique_ptr<Hosted>> hosted_;  // in the order of names_
  std::vector<Waiter> waiters_;
  std::vector<uint32_t> free_waiters_;
  std::vector<Answered> arrived_;  // kept for its memory
  Timer overdue_;
  MonoTime next_look_ = MonoTime::max();
  Timer every_second_;
  std::shared_ptr<PluginHost*> self_;  // for what is posted: null once stopped
  bool stopped_ = false;
  bool left_behind_ = false;
};

}  // namespace sluice::plugins
