// Lanes: what waits and what is delivered, and whose turn it is. The order of the queue, without
// its callbacks.
//
// Every operation on an id is O(1), apart from one step into the map of priorities; nothing is
// searched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "queue/queue.h"

namespace sluice {

struct LaneHash {
  size_t operator()(const Lane& lane) const noexcept;
};

// One thread.
class Lanes {
 public:
  explicit Lanes(size_t capacity) : capacity_(capacity) {}
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  enum class Pushed { kYes, kKnown, kFull };
  Pushed push(Entry&& entry);

  // Of an id that is not known, or waits: it is delivered to `holder`. Looks through its lane.
  void hold(Entry&& entry, uint32_t holder);

  // Moves up to `max` ids from the lanes to `holder`: one from each lane of the highest priority in
  // turn, passing over those that a rule holds back and those of the actions `passed_over`.
  std::vector<Uuid> take(size_t max, uint32_t holder, std::span<const ActionName> passed_over = {});

  // Forgets what `holder` holds of `ids`; others are left as they are.
  void forget(const std::vector<Uuid>& ids, uint32_t holder);

  // Puts what `holder` holds of `ids` back to the front of their lanes, the first of `ids`
  // foremost. May exceed the capacity: they had their place before.
  void give_back(const std::vector<Uuid>& ids, uint32_t holder);

  // Everything that `holder` holds. Looks at every entry.
  void give_back_all(uint32_t holder);

  // For all lanes of an action; the empty rule lifts it.
  void restrain(const std::string& ns, const std::string& action, LaneRule rule);

  std::vector<ActionRule> rules() const;  // but for empty ones

  // Whether take() may find something: lanes that were seen to be held back do not count.
  bool any_ready() const { return !rings_.empty(); }

  size_t waiting() const { return waiting_; }
  size_t delivered() const { return items_.size() - waiting_; }
  size_t capacity() const { return capacity_; }

 private:
  struct LaneState;

  struct Item {
    LaneState* lane = nullptr;
    Item* behind = nullptr;     // the next of the same lane, while waiting
    const Uuid* id = nullptr;   // the key of this item in items_
    uint32_t holder = kNobody;  // who it is delivered to
  };

  // The lanes of one action, as far as a rule may hold them back together.
  struct Group {
    LaneRule rule;
    size_t delivered = 0;
    size_t lanes = 0;                   // that refer to it
    std::vector<LaneState*> held_back;  // which hold something and take no turns

    bool holds_back() const {
      return rule.paused || (rule.max_delivered > 0 && delivered >= rule.max_delivered);
    }
  };
  using GroupName = std::pair<std::string, std::string>;  // namespace, action

  struct LaneState {
    const Lane* name = nullptr;  // the key in lanes_
    Group* group = nullptr;
    Item* first = nullptr;
    Item* last = nullptr;
    LaneState* behind = nullptr;  // the next in the ring, while something waits here
    size_t items = 0;             // waiting and delivered: they point here
    size_t waiting = 0;
  };

  // The lanes of one priority that hold something, in the order of their turns.
  struct Ring {
    LaneState* first = nullptr;
    LaneState* last = nullptr;
  };

  static constexpr uint32_t kNobody = UINT32_MAX;

  LaneState& lane_of(Lane&& name);
  bool has_its_share(const Lane& name) const;
  void append(Item& item);
  void withdraw(Item& item);
  void leave_ring(LaneState& lane);
  void count_waiting(LaneState& lane);
  void prepend(Item& item);
  void join_ring(LaneState& lane);
  void release(LaneState& lane);
  void end_delivery(Item& item);
  void let_go(Group& group);

  const size_t capacity_;
  size_t waiting_ = 0;
  size_t busy_lanes_ = 0;                 // in which something waits
  std::unordered_map<Uuid, Item> items_;  // its nodes do not move
  std::unordered_map<Lane, LaneState, LaneHash> lanes_;
  std::map<GroupName, Group> groups_;          // its nodes do not move
  std::map<int, Ring, std::greater<>> rings_;  // only rings that hold a lane
};

}  // namespace sluice
