// The places of a plugin: one for each call that may be under way, and what a sluice_call is.
//
// To a plugin a sluice_call is an address that it gives back. It is never one of an object: a place
// stands at the start of an area of its own, and the n-th call in it is the n-th address of that
// area. So an answer that comes twice, or for a call that is long over, is recognised by its
// address, and touches only memory that is there as long as the plugin is open.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json_check.h"
#include "plugins/plugins.h"
#include "sluice/plugin.h"

namespace sluice::plugins {

class Instance;
struct Place;

// A call from its acceptance to its end. Guarded by its Instance's lock, but for what the thread
// that runs it reads: action and payload.
struct Work {
  CallId id = 0;
  const char* action = nullptr;
  std::string payload;
  MonoTime deadline{};
  Place* place = nullptr;  // none: it waits
};
using WorkList = std::list<Work>;
using Ticket = WorkList::iterator;

struct Place {
  explicit Place(Instance& owner) : owner(owner) {}

  Instance& owner;

  // Any thread, the plugin's own included.
  std::atomic<uint32_t> open{0};  // the turn that waits for its answer; 0: none
  std::atomic<bool> abandoned{false};
  std::atomic<MonoTime> deadline{};

  // Guarded by the instance's lock.
  uint32_t turn = 0;
  bool answered = false;
  bool returned = false;
  Ticket work{};

  // Of the thread that gives the answer.
  std::optional<JsonChecker> checker;

  sluice_call* call();                          // of this turn
  bool is_open(const sluice_call* call) const;  // it has not been answered yet
  bool take(const sluice_call* call);           // true for the first that answers it
  static Place& of(const sluice_call* call);
  static uint32_t turn_of(const sluice_call* call);
};

class Places {
 public:
  Places(size_t count, Instance& owner);
  ~Places();
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  size_t free() const { return free_.size(); }
  size_t taken() const { return all_.size() - free_.size(); }

  // Opens the next turn of a free place.
  Place& begin(Ticket work);
  void end(Place& place);

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  std::unique_ptr<void, Free> memory_;
  std::vector<Place*> all_;
  std::vector<Place*> free_;  // the one that was used last, at the end: it is in the caches
};

}  // namespace sluice::plugins
