// NoPlugins: what a runner has whose configuration names none. Every call is answered with that.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/executor.h"
#include "plugins/plugins.h"

namespace sluice::plugins {

class NoPlugins final : public Plugins {
 public:
  explicit NoPlugins(Executor& executor) : executor_(executor) {}

  const std::vector<std::string>& names() const override { return names_; }

  CallId call(Call, std::function<void(Answer)> done) override {
    const CallId id = ++last_;
    waiting_->emplace(id, std::move(done));
    executor_.post([waiting = waiting_, id] {
      auto call = waiting->extract(id);
      if (!call.empty()) call.mapped()({false, "no plugins are configured"});
    });
    return id;
  }

  void hang_up(CallId id) override { waiting_->erase(id); }

 private:
  using Waiting = std::unordered_map<CallId, std::function<void(Answer)>>;

  Executor& executor_;
  const std::vector<std::string> names_;
  CallId last_ = 0;
  std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();  // outlives what was posted
};

}  // namespace sluice::plugins
