// Plugins in C++: a class with a method for each action, on top of plugin.h.
//
//     class Adder {
//      public:
//       // Throws a Failure when the server shall not start.
//       Adder(const sluice_host& host, std::string_view config);
//       // Returns the answer, JSON, or throws a Failure.
//       std::string add(std::string_view payload, const sluice::plugin::Pending& call);
//
//       static constexpr sluice::plugin::Action<Adder> kActions[] = {{"add", &Adder::add}};
//     };
//     SLUICE_PLUGIN(Adder, "adder", "1.0.0", 0)
//
// A method that takes a sluice::plugin::Reply& may move it away and answer later, from any thread.
// Methods are called from several threads at once. Exceptions end here: a Failure becomes the
// call's error, any other "failed inside" with what() said to the log.
//
// Put the class into an unnamed namespace: two plugins may well call theirs the same.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/plugin.h"

// Hidden: else the dynamic linker would take what is made here for a class of one plugin for that
// of another whose class has the same name, RTLD_LOCAL or not (STB_GNU_UNIQUE).
#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

namespace sluice::plugin {

// An error for the caller. One line, without secrets.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What may be asked of a call while it is served.
class Pending {
 public:
  Pending(const sluice_host& host, sluice_call* call) : host_(&host), call_(call) {}
  bool abandoned() const { return host_->is_abandoned(call_) != 0; }
  std::chrono::milliseconds remaining() const {
    return std::chrono::milliseconds(host_->remaining_ms(call_));
  }

 protected:
  const sluice_host* host_;
  sluice_call* call_;
};

// A call that is answered later. Moves; one that is dropped without an answer fails.
class Reply : public Pending {
 public:
  Reply(const sluice_host& host, sluice_call* call) : Pending(host, call) {}
  Reply(Reply&& other) noexcept : Pending(other) { other.call_ = nullptr; }
  Reply& operator=(Reply&& other) noexcept {
    if (this != &other) {
      drop();
      host_ = other.host_;
      call_ = std::exchange(other.call_, nullptr);
    }
    return *this;
  }
  ~Reply() { drop(); }

  void succeed(std::string_view json) {
    if (call_ != nullptr) host_->succeed(std::exchange(call_, nullptr), json.data(), json.size());
  }
  void fail(std::string_view message) {
    if (call_ != nullptr)
      host_->fail(std::exchange(call_, nullptr), message.data(), message.size());
  }

 private:
  void drop() { fail("the plugin gave no answer"); }
};

template <class Plugin>
struct Action {
  const char* name;
  std::string (Plugin::*answer)(std::string_view payload, const Pending& call) = nullptr;
  void (Plugin::*later)(std::string_view payload, Reply& reply) = nullptr;

  constexpr Action(const char* called,
                   std::string (Plugin::*method)(std::string_view, const Pending&))
      : name(called), answer(method) {}
  constexpr Action(const char* called, void (Plugin::*method)(std::string_view, Reply&))
      : name(called), later(method) {}
};

inline void log(const sluice_host& host, sluice_log_level level, std::string_view text) {
  host.log(host.context, level, text.data(), text.size());
}

// The C functions around a class.
template <class Plugin>
class Wrapper {
 public:
  static const sluice_plugin* entry(const char* name, const char* version, uint32_t flags) {
    static const Names names;
    static const sluice_plugin description = {SLUICE_PLUGIN_ABI,
                                              sizeof(sluice_plugin),
                                              name,
                                              version,
                                              names.of_actions,
                                              flags,
                                              &open,
                                              &call,
                                              &close};
    return &description;
  }

 private:
  struct State {
    State(const sluice_host& server, std::string_view config)
        : host(server), plugin(server, config) {}
    const sluice_host& host;
    Plugin plugin;
  };

  struct Names {
    Names() {
      for (size_t i = 0; i < std::size(Plugin::kActions); ++i)
        of_actions[i] = Plugin::kActions[i].name;
    }
    const char* of_actions[std::size(Plugin::kActions) + 1] = {};
  };

  static int open(const sluice_host* host, const char* config, size_t size, void** state,
                  char* error, size_t error_size) {
    try {
      *state = new State(*host, {config, size});
      return 0;
    } catch (const std::exception& failure) {
      std::snprintf(error, error_size, "%s", failure.what());
    } catch (...) {
      std::snprintf(error, error_size, "an unknown exception");
    }
    return 1;
  }

  static void call(void* state, const char* action, const char* payload, size_t size,
                   sluice_call* call) {
    State& self = *static_cast<State*>(state);
    const Action<Plugin>* found = nullptr;
    for (const Action<Plugin>& one : Plugin::kActions)
      if (std::strcmp(one.name, action) == 0) found = &one;
    Reply reply(self.host, call);
    if (found == nullptr) return reply.fail("the plugin has no such action");
    try {
      if (found->later != nullptr) {
        (self.plugin.*found->later)({payload, size}, reply);
      } else {
        reply.succeed((self.plugin.*found->answer)({payload, size}, reply));
      }
    } catch (const Failure& failure) {
      reply.fail(failure.what());
    } catch (const std::exception& failure) {
      log(self.host, SLUICE_LOG_ERROR, failure.what());
      reply.fail("the plugin failed inside; the server's log says how");
    } catch (...) {
      reply.fail("the plugin failed inside");
    }
  }

  static void close(void* state) { delete static_cast<State*>(state); }
};

}  // namespace sluice::plugin

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#define SLUICE_PLUGIN(CLASS, NAME, VERSION, FLAGS)                                              \
  extern "C" SLUICE_PLUGIN_EXPORT const sluice_plugin* sluice_plugin_entry(uint32_t host_abi) { \
    if (host_abi < SLUICE_PLUGIN_ABI) return nullptr;                                           \
    return sluice::plugin::Wrapper<CLASS>::entry(NAME, VERSION, FLAGS);                         \
  }
