#include "runner/rule_keeper.h"

#include <map>
#include <string>
#include <utility>

namespace sluice::runner {

RuleKeeper::RuleKeeper(Store& store, Queue& queue, const Clock& clock, Log& log,
                       RuleKeeperOptions options, std::function<void()> forgotten)
    : store_(store),
      queue_(queue),
      clock_(clock),
      log_(log),
      options_(options),
      forgotten_(std::move(forgotten)) {}

// First the queue, then the store: what an api changes in between is then no difference, or one
// that it makes itself.
void RuleKeeper::tick() {
  if (busy_ || !store_.ready().ok()) return;
  busy_ = true;
  queue_.rules([this](Result<Rules> known) {
    busy_ = false;
    if (!known.ok()) return;  // away: whoever needs the queue says so
    const bool recent = compared_at_ && clock_.mono() - *compared_at_ < options_.pause;
    if (known->complete && recent) return;
    if (!known->complete) forgotten_();
    busy_ = true;
    store_.capped_actions([this, known = *std::move(known)](Result<std::vector<Action>> capped) {
      busy_ = false;
      if (capped.ok()) return compare(known, *capped);
      log_.warn("Cannot look for actions with a max_concurrency: {}", capped.error().text());
    });
  });
}

void RuleKeeper::compare(const Rules& known, const std::vector<Action>& capped) {
  std::map<std::pair<std::string, std::string>, LaneRule> wanted, present;
  for (const ActionRule& rule : known.all) {
    present[{rule.ns, rule.action}] = rule.rule;
    wanted[{rule.ns, rule.action}] = LaneRule{.paused = rule.rule.paused};
  }
  for (const Action& action : capped)
    wanted[{action.ns, action.name}].max_delivered = action.max_concurrency;
  std::erase_if(wanted, [&](const auto& rule) {
    const auto found = present.find(rule.first);
    return found != present.end() && found->second == rule.second;
  });

  compared_at_ = clock_.mono();
  busy_ = true;
  telling_ = {};
  untold_ = wanted.size() + 1;
  // Those that run count, too: their runners have a moment to say so.
  const bool settled = capped.empty() || known.forgotten_for >= options_.settle;
  const bool may_open = !known.complete && settled;
  const auto done = [this, may_open](Status status) { told(may_open, std::move(status)); };
  for (const auto& [name, rule] : wanted) queue_.restrain(name.first, name.second, rule, done);
  done({});
}

void RuleKeeper::told(bool may_open, Status status) {
  if (telling_.ok()) telling_ = std::move(status);
  if (--untold_ > 0) return;
  busy_ = false;
  if (!telling_.ok()) {
    compared_at_.reset();
    log_.warn("Cannot tell the queue how many may run at a time: {}", telling_.error().text());
    return;
  }
  if (may_open) queue_.rules_complete(nullptr);
}

}  // namespace sluice::runner
