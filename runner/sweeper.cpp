#include "runner/sweeper.h"

#include <utility>

namespace sluice::runner {

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
  for (DueItem& item : page->items) {
    entries.push_back({item.id, Lane{std::move(item.ns), std::move(item.queue),
                                     std::move(item.action), item.priority}});
  }
  sweeping_ = true;
  queue_.push(std::move(entries), [this](const std::vector<Status>& pushed) { on_pushed(pushed); });
}

void Sweeper::on_pushed(const std::vector<Status>& pushed) {
  sweeping_ = false;
  for (const Status& status : pushed) {
    if (!status.ok()) return;  // full: this page again at the next tick
  }
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
