#include "runner/sweeper.h"

#include <utility>

namespace sluice::runner {
namespace {

std::tuple<std::string, std::string, std::string, int> lane_of(const DueItem& item) {
  return {item.ns, item.queue, item.action, item.priority};
}

std::tuple<int64_t, int64_t, Uuid> order(const DueCursor& at) {
  return {at.due_ms, at.sequence, at.id};
}

Entry entry_of(DueItem&& item) {
  return {item.id,
          Lane{std::move(item.ns), std::move(item.queue), std::move(item.action), item.priority}};
}

}  // namespace

Sweeper::Sweeper(Store& store, Queue& queue, const Clock& clock, Log& log, SweeperOptions options)
    : store_(store), queue_(queue), clock_(clock), log_(log), options_(std::move(options)) {}

void Sweeper::tick() {
  if (stopped_) return;
  // Who cannot reach the store leaves the sweeping to one who can.
  if (!store_.ready().ok()) return queue_.lead("sweep", options_.who, Millis(0), [](bool) {});
  queue_.lead("sweep", options_.who, options_.leadership, [this](bool leads) {
    if (!leads || stopped_) return;
    pages_left_ = options_.pages_a_tick;
    sweep();
    expire();
  });
}

void Sweeper::stop() {
  stopped_ = true;
  queue_.lead("sweep", options_.who, Millis(0), [](bool) {});
}

void Sweeper::sweep() {
  if (sweeping_ || stopped_) return;
  sweeping_ = true;
  store_.due(position_, options_.page, [this](Result<DuePage> page) { on_page(std::move(page)); });
}

void Sweeper::on_page(Result<DuePage> page) {
  sweeping_ = false;
  if (stopped_) return;
  if (!page.ok()) {
    log_.warn("Cannot look for due invocations: {}", page.error().text());
    return;
  }
  following_ = page->next;
  if (page->items.empty()) {
    position_ = {};
    return;
  }
  std::vector<Entry> entries;
  entries.reserve(page->items.size());
  pushing_.clear();
  for (DueItem& item : page->items) {
    pushing_.push_back(lane_of(item));
    entries.push_back(entry_of(std::move(item)));
  }
  sweeping_ = true;
  queue_.push(std::move(entries), [this](const std::vector<Status>& pushed) { on_pushed(pushed); });
}

void Sweeper::on_pushed(const std::vector<Status>& pushed) {
  sweeping_ = false;
  bool full = false;
  for (const Status& status : pushed) {
    if (!status.ok() && status.error().code != Code::kFull) return;  // away
    full = full || !status.ok();
  }
  if (full) {  // this page again at the next tick
    if (!scout_) refused_.clear();
    note_refused(pushed);
    return begin_scouting();
  }
  if (!following_ || (scout_ && order(*following_) >= order(*scout_))) scout_.reset();
  position_ = following_.value_or(DueCursor{});
  if (!following_) return;  // once round
  if (pages_left_ > 1) {
    --pages_left_;
    return sweep();
  }
  queue_.depth([this](const Result<Depth>& depth) {
    if (depth.ok() && depth->waiting < 2 * options_.page) sweep();
  });
}

// ── the scout ──

void Sweeper::begin_scouting() {
  if (!scout_) scout_ = following_;
  if (!scout_) return;  // nothing is due after the page
  scout_until_ = clock_.mono() + options_.scout_a_tick;
  scout();
}

void Sweeper::scout() {
  sweeping_ = true;
  store_.due(*scout_, options_.page, [this](Result<DuePage> page) { on_scouted(std::move(page)); });
}

void Sweeper::on_scouted(Result<DuePage> page) {
  sweeping_ = false;
  if (stopped_) return;
  if (!page.ok()) {
    log_.warn("Cannot look for due invocations: {}", page.error().text());
    return;
  }
  std::vector<Entry> entries;
  pushing_.clear();
  for (DueItem& item : page->items) {
    LaneName lane = lane_of(item);
    if (refused_.contains(lane)) continue;
    pushing_.push_back(std::move(lane));
    entries.push_back(entry_of(std::move(item)));
  }
  scout_ = page->next;  // at the end: from the start again, at the next tick
  if (entries.empty()) return scout_on();
  sweeping_ = true;
  queue_.push(std::move(entries), [this](const std::vector<Status>& pushed) {
    sweeping_ = false;
    note_refused(pushed);
    scout_on();
  });
}

void Sweeper::scout_on() {
  if (!stopped_ && scout_ && clock_.mono() < scout_until_) scout();
}

void Sweeper::note_refused(const std::vector<Status>& pushed) {
  for (size_t i = 0; i < pushed.size(); ++i) {
    if (!pushed[i].ok()) refused_.insert(std::move(pushing_[i]));
  }
}

void Sweeper::expire() {
  const MonoTime now = clock_.mono();
  if (expiring_ || (expired_at_ && now - *expired_at_ < options_.expire_pause)) return;
  expiring_ = true;
  store_.expire(options_.expire_step, [this](const Result<size_t>& removed) {
    expiring_ = false;
    if (!removed.ok()) {
      log_.warn("Cannot remove expired invocations: {}", removed.error().text());
    } else if (*removed < options_.expire_step) {
      expired_at_ = clock_.mono();
    } else if (!stopped_) {
      expire();
    }
  });
}

}  // namespace sluice::runner
