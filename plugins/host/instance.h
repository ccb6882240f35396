// Instance: one configured plugin, open, with its threads, its places and the calls that wait.
//
// It is shared between the loop's thread, its own threads and those of the plugin; each of its
// threads keeps it alive. So a thread that never comes back from the plugin harms nobody: the host
// leaves it behind (detach), and it finds no loop and no log any more.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/result.h"
#include "plugins/host/library.h"
#include "plugins/host/place.h"
#include "plugins/plugins.h"

namespace sluice::plugins {

struct InstanceOptions {
  std::string name;    // as Lua code calls it
  std::string config;  // a JSON object, for open()
  size_t concurrency = 8;
  size_t queue = 1'000;  // calls that may wait
  Millis timeout{30'000};
  uint64_t max_answer_bytes = 1 << 20;
};

struct Answered {
  CallId id;
  Answer answer;
};

class Instance : public std::enable_shared_from_this<Instance> {
 public:
  // On the loop's thread, when answers or free places wait for collect().
  using Arrived = std::function<void(Instance&)>;

  Instance(InstanceOptions options, Library library, Executor& executor, Log& log, Arrived arrived);
  ~Instance();

  // All of these on the loop's thread.

  // Makes the first thread, which opens the plugin. An error has the plugin's own words.
  Status open(Millis limit);

  // Accepts a call and has it begin as soon as there is a place. An error is the caller's answer.
  Result<Ticket> submit(Work work);
  // Nobody waits any more: it does not begin, or is told. Its answer may have arrived already.
  void give_up(Ticket ticket, CallId id);
  // Appends what was answered since, and begins what waits and can.
  void collect(std::vector<Answered>& into);

  struct Load {
    size_t waiting = 0;
    size_t under_way = 0;
  };
  Load load() const;

  // Nothing begins any more, what is under way is told. The plugin is closed, on its first thread,
  // once all calls are answered and have returned.
  void end();
  bool wait_closed(MonoTime until);
  // After end(), at last: joins the threads of a closed plugin; leaves those of another alone.
  void detach();

  const std::string& name() const { return options_.name; }
  Millis timeout() const { return options_.timeout; }
  const Library& library() const { return library_; }

  // Any thread: what the plugin calls.
  void answer(sluice_call* call, bool ok, std::string_view text);
  void log(LogLevel level, std::string_view text);

 private:
  struct Worker {
    std::thread thread;
    std::condition_variable wake;
    Place* place = nullptr;  // to be served
  };
  using Lock = std::unique_lock<std::mutex>;

  bool is_nonblocking() const { return (library_.plugin().flags & SLUICE_PLUGIN_NONBLOCKING) != 0; }
  bool can_begin() const { return !waiting_.empty() && places_.free() > 0 && !ending_; }

  void open_and_serve(Worker& self);
  int open_plugin(std::string& error);
  void serve(Worker& self);
  void close_when_quiet();
  bool start_worker(void (Instance::*body)(Worker&));

  Place& begin();
  Worker* hand_out();
  void hand_out_all();
  void run_here(Lock& lock);
  void run(Place& place);
  void returned(Place& place);
  void free(Place& place);
  bool must_tell();
  void tell();
  Answer checked(Place& place, bool ok, std::string_view text) const;
  void complain_of_stray(std::string_view what);

  const InstanceOptions options_;
  Library library_;
  Executor& executor_;
  const Arrived arrived_;
  sluice_host host_{};
  void* state_ = nullptr;

  mutable std::mutex mutex_;  // guards what follows
  Places places_;
  WorkList waiting_;
  WorkList under_way_;
  WorkList spare_;  // nodes: a call allocates nothing in the long run
  std::deque<Worker> workers_;
  std::vector<Worker*> idle_;  // the one that slept last, at the end: it is in the caches
  size_t serving_ = 0;         // threads within serve()
  std::vector<Answered> answered_;
  bool told_ = false;  // a task for the loop is on its way
  bool ending_ = false;
  bool detached_ = false;
  std::optional<int> opened_;  // what open() returned
  std::string open_error_;
  bool closed_ = false;
  std::condition_variable changed_;  // opened_, closed_; who waits to close

  std::atomic<int> posting_{0};  // threads that hold the executor
  std::atomic<uint64_t> strays_{0};

  std::mutex log_mutex_;
  Log* log_;  // guarded by log_mutex_; null once detached
};

}  // namespace sluice::plugins
