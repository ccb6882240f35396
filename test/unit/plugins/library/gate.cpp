// gate: its calls come back when the test lets them, so that no test depends on time. `hold` keeps
// the thread, `keep` answers later from the thread that lets it go. Also built as nonblocking, then
// with `keep` only.
#include "library/gate.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>

#include "sluice/plugin.hpp"

namespace {

using sluice::plugin::Action;
using sluice::plugin::Pending;
using sluice::plugin::Reply;

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  int tickets = 0;
  std::deque<const Pending*> held;
  std::deque<Reply> kept;
  int passed = 0;
  int most = 0;
  int closed = 0;

  void count() { most = std::max(most, static_cast<int>(held.size() + kept.size())); }
};

Gate& gate() {
  static Gate one;
  return one;
}

class Keeper {
 public:
  Keeper(const sluice_host&, std::string_view config) {
    if (config.find("wait") == std::string_view::npos) return;
    std::unique_lock lock(gate().mutex);
    gate().changed.wait(lock, [] { return gate().tickets > 0; });
    --gate().tickets;
  }
  ~Keeper() {
    const std::lock_guard lock(gate().mutex);
    ++gate().closed;
  }

  std::string hold(std::string_view payload, const Pending& call) {
    std::unique_lock lock(gate().mutex);
    gate().held.push_back(&call);
    gate().count();
    gate().changed.wait(lock, [] { return gate().tickets > 0; });
    --gate().tickets;
    gate().held.erase(std::find(gate().held.begin(), gate().held.end(), &call));
    ++gate().passed;
    return std::string(payload);
  }

  void keep(std::string_view, Reply& reply) {
    const std::lock_guard lock(gate().mutex);
    gate().kept.push_back(std::move(reply));
    gate().count();
  }

#ifdef NONBLOCKING
  static constexpr Action<Keeper> kActions[] = {{"keep", &Keeper::keep}};
#else
  static constexpr Action<Keeper> kActions[] = {{"hold", &Keeper::hold}, {"keep", &Keeper::keep}};
#endif
};

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT GateState gate_state() {
  const std::lock_guard lock(gate().mutex);
  GateState state{static_cast<int>(gate().held.size() + gate().kept.size()), 0, gate().passed,
                  gate().most, gate().closed};
  for (const Pending* call : gate().held) state.abandoned += call->abandoned() ? 1 : 0;
  for (const Reply& call : gate().kept) state.abandoned += call.abandoned() ? 1 : 0;
  return state;
}

EXPORT void gate_release(int calls) {
  std::deque<Reply> free;
  {
    const std::lock_guard lock(gate().mutex);
    for (; calls > 0 && !gate().kept.empty(); --calls) {
      free.push_back(std::move(gate().kept.front()));
      gate().kept.pop_front();
      ++gate().passed;
    }
    gate().tickets += calls;
  }
  gate().changed.notify_all();
  for (Reply& reply : free) reply.succeed("\"kept\"");
}

EXPORT void gate_reset() {
  const std::lock_guard lock(gate().mutex);
  gate().tickets = gate().passed = gate().most = gate().closed = 0;
}

#ifdef NONBLOCKING
SLUICE_PLUGIN(Keeper, "gate", "0.1.0", SLUICE_PLUGIN_NONBLOCKING)
#else
SLUICE_PLUGIN(Keeper, "gate", "0.1.0", 0)
#endif
