// Plugins: what actions reach by call(plugin, action, payload). The port between the runner and who
// serves such calls; plugins/host implements it with shared libraries.
//
// Threads: used on one executor's thread; callbacks come there, later, never from inside the call
// that asked.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"

namespace sluice::plugins {

struct Call {
  std::string plugin;  // as Lua code named them: they may not exist
  std::string action;
  std::string payload;  // JSON
  Uuid invocation;      // who calls
  MonoTime deadline{};  // of the invocation: nobody waits beyond it
};

struct Answer {
  bool ok = false;
  std::string text;  // ok: JSON, checked, at most sandbox/limits.h's kMaxAnswerBytes; else a
                     // message for a person, valid UTF-8
};

using CallId = uint64_t;  // never 0

class Plugins {
 public:
  virtual ~Plugins() = default;

  // The names that are configured, sorted.
  virtual const std::vector<std::string>& names() const = 0;

  // Serves a call. `done` comes once, unless hang_up() came before. What cannot be served (an
  // unknown plugin or action, a full queue, a time-out, an answer that is none) is an answer that
  // is not ok.
  virtual CallId call(Call call, std::function<void(Answer)> done) = 0;

  // Nobody waits for the answer any more: `done` does not come. A call that has not begun never
  // will; one that runs is told, and its place is free when it returns. Unknown ids are ignored.
  virtual void hang_up(CallId id) = 0;
};

}  // namespace sluice::plugins
