#include "queue/local/lanes.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace sluice {
namespace {

// Lanes without items that are kept for their next push. More are dropped at once, so that the
// names of actions long gone do not pile up.
constexpr size_t kKeptLanes = 1024;

// Of the capacity, what lanes may use beyond it that hold little: one part of so many.
constexpr size_t kReserve = 8;

}  // namespace

size_t LaneHash::operator()(const Lane& lane) const noexcept {
  const std::hash<std::string> hash;
  size_t sum = hash(lane.action);
  sum = sum * 0x9e3779b97f4a7c15ull + hash(lane.queue);
  sum = sum * 0x9e3779b97f4a7c15ull + hash(lane.ns);
  return sum * 0x9e3779b97f4a7c15ull + static_cast<size_t>(lane.priority);
}

Lanes::Pushed Lanes::push(Entry&& entry) {
  // Known before full: to push again what is already here succeeds at any time.
  if (waiting_ >= capacity_) {
    if (items_.contains(entry.id)) return Pushed::kKnown;
    if (has_its_share(entry.lane)) return Pushed::kFull;
  }
  const auto [place, is_new] = items_.try_emplace(entry.id);
  if (!is_new) return Pushed::kKnown;

  Item& item = place->second;
  item.id = &place->first;
  item.lane = &lane_of(std::move(entry.lane));
  ++item.lane->items;
  append(item);
  return Pushed::kYes;
}

// Whoever fills the queue leaves the others room for some entries.
bool Lanes::has_its_share(const Lane& name) const {
  const auto lane = lanes_.find(name);
  const size_t waiting = lane == lanes_.end() ? 0 : lane->second.waiting;
  const size_t sharing = busy_lanes_ + (waiting == 0 ? 1 : 0);
  return waiting >= std::max<size_t>(1, capacity_ / kReserve / sharing);
}

void Lanes::hold(Entry&& entry, uint32_t holder) {
  const auto [place, is_new] = items_.try_emplace(entry.id);
  Item& item = place->second;
  if (is_new) {
    item.id = &place->first;
    item.lane = &lane_of(std::move(entry.lane));
    ++item.lane->items;
  } else if (item.holder == kNobody) {
    withdraw(item);
  } else {
    return;
  }
  item.holder = holder;
  ++item.lane->group->delivered;
}

// From its place among those that wait.
void Lanes::withdraw(Item& item) {
  LaneState& lane = *item.lane;
  Item* before = nullptr;
  for (Item* at = lane.first; at != &item; at = at->behind) before = at;
  (before ? before->behind : lane.first) = item.behind;
  if (lane.last == &item) lane.last = before;
  item.behind = nullptr;
  --waiting_;
  if (--lane.waiting > 0) return;
  --busy_lanes_;
  leave_ring(lane);
}

// Of a lane that is empty: from its ring, or from those that are held back.
void Lanes::leave_ring(LaneState& lane) {
  std::erase(lane.group->held_back, &lane);
  const auto ring = rings_.find(lane.name->priority);
  if (ring == rings_.end()) return;
  LaneState* before = nullptr;
  LaneState* at = ring->second.first;
  for (; at && at != &lane; at = at->behind) before = at;
  if (!at) return;
  (before ? before->behind : ring->second.first) = lane.behind;
  if (ring->second.last == &lane) ring->second.last = before;
  lane.behind = nullptr;
  if (!ring->second.first) rings_.erase(ring);
}

std::vector<Uuid> Lanes::take(size_t max, uint32_t holder,
                              std::span<const ActionName> passed_over) {
  const auto is_passed_over = [passed_over](const Lane& lane) {
    return std::any_of(passed_over.begin(), passed_over.end(), [&](const ActionName& name) {
      return name.action == lane.action && name.ns == lane.ns;
    });
  };
  std::vector<LaneState*> passed;  // which miss a turn
  std::vector<Uuid> taken;
  taken.reserve(std::min(max, waiting_));
  while (taken.size() < max && !rings_.empty()) {
    const auto highest = rings_.begin();
    Ring& ring = highest->second;
    LaneState& lane = *ring.first;
    ring.first = lane.behind;
    if (!ring.first) ring.last = nullptr;
    lane.behind = nullptr;
    const bool held_back = lane.group->holds_back();
    if (held_back || is_passed_over(*lane.name)) {
      (held_back ? lane.group->held_back : passed).push_back(&lane);
      if (!ring.first) rings_.erase(highest);
      continue;
    }

    Item& item = *lane.first;
    lane.first = item.behind;
    if (!lane.first) lane.last = nullptr;
    item.behind = nullptr;
    item.holder = holder;
    ++lane.group->delivered;
    --waiting_;
    if (--lane.waiting == 0) --busy_lanes_;
    taken.push_back(*item.id);

    if (lane.first) {
      join_ring(lane);
    } else if (!ring.first) {
      rings_.erase(highest);
    }
  }
  for (LaneState* lane : passed) join_ring(*lane);
  return taken;
}

void Lanes::forget(const std::vector<Uuid>& ids, uint32_t holder) {
  for (const Uuid& id : ids) {
    const auto found = items_.find(id);
    if (found == items_.end() || found->second.holder != holder) continue;
    end_delivery(found->second);
    release(*found->second.lane);
    items_.erase(found);
  }
}

void Lanes::give_back(const std::vector<Uuid>& ids, uint32_t holder) {
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    const auto found = items_.find(*id);
    if (found != items_.end() && found->second.holder == holder) prepend(found->second);
  }
}

void Lanes::give_back_all(uint32_t holder) {
  std::vector<Uuid> ids;
  for (const auto& [id, item] : items_) {
    if (item.holder == holder) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  give_back(ids, holder);
}

Lanes::LaneState& Lanes::lane_of(Lane&& name) {
  const auto [place, is_new] = lanes_.try_emplace(std::move(name));
  LaneState& lane = place->second;
  if (is_new) {
    lane.name = &place->first;
    lane.group = &groups_[{lane.name->ns, lane.name->action}];
    ++lane.group->lanes;
  }
  return lane;
}

void Lanes::restrain(const std::string& ns, const std::string& action, LaneRule rule) {
  Group& group = groups_[{ns, action}];
  group.rule = rule;
  let_go(group);
  if (group.lanes == 0 && rule == LaneRule{}) groups_.erase({ns, action});
}

std::vector<ActionRule> Lanes::rules() const {
  std::vector<ActionRule> all;
  for (const auto& [name, group] : groups_) {
    if (group.rule != LaneRule{}) all.push_back({name.first, name.second, group.rule});
  }
  return all;
}

void Lanes::end_delivery(Item& item) {
  Group& group = *item.lane->group;
  --group.delivered;
  let_go(group);
}

// What it held back takes turns again, unless the rule still says so.
void Lanes::let_go(Group& group) {
  if (group.held_back.empty() || group.holds_back()) return;
  for (LaneState* lane : std::exchange(group.held_back, {})) join_ring(*lane);
}

void Lanes::append(Item& item) {
  LaneState& lane = *item.lane;
  if (lane.last) {
    lane.last->behind = &item;
  } else {
    lane.first = &item;
    join_ring(lane);
  }
  lane.last = &item;
  count_waiting(lane);
}

void Lanes::prepend(Item& item) {
  LaneState& lane = *item.lane;
  end_delivery(item);
  item.holder = kNobody;
  item.behind = lane.first;
  lane.first = &item;
  if (!lane.last) {
    lane.last = &item;
    join_ring(lane);
  }
  count_waiting(lane);
}

void Lanes::count_waiting(LaneState& lane) {
  ++waiting_;
  if (++lane.waiting == 1) ++busy_lanes_;
}

void Lanes::join_ring(LaneState& lane) {
  Ring& ring = rings_[lane.name->priority];
  if (ring.last) {
    ring.last->behind = &lane;
  } else {
    ring.first = &lane;
  }
  ring.last = &lane;
}

void Lanes::release(LaneState& lane) {
  if (--lane.items > 0 || lanes_.size() <= kKeptLanes) return;
  const GroupName group{lane.name->ns, lane.name->action};
  if (--lane.group->lanes == 0 && lane.group->rule == LaneRule{}) groups_.erase(group);
  lanes_.erase(*lane.name);
}

}  // namespace sluice
