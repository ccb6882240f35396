// Crew: keeps the workers at full number: `size` at work and one spare, started and confined, that
// takes the place of one that dies at once, or helps out.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "sandbox/pool/worker.h"

namespace sluice::sandbox {

class Crew {
 public:
  Crew(Loop& loop, const Clock& clock, Log& log, Worker::Options options, size_t size,
       Worker::Events& events);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Starts all. An error when the program cannot be started at all.
  Status start();

  // kUnavailable with the reason when there is no worker, and one start after the other failed.
  Status health() const;

  // Whether the workers' memory is bounded by groups, too.
  Layer cgroup_layer() const;

  const std::vector<std::unique_ptr<Worker>>& at_work() const { return at_work_; }
  std::vector<Worker*> all() const;     // those that are dying, too
  Worker* find(uint64_t number) const;  // of those at work; null: it is gone
  size_t alive() const;
  size_t killed() const { return killed_; }
  size_t restarts() const { return started_ > size_ + 1 ? started_ - size_ - 1 : 0; }

  // Kills a worker and puts the spare in its place.
  void replace(Worker& worker, MonoTime now, Worker::Health cause, std::string why);

  // Puts the spare to work beside the others, for jobs that have no place among them; at most as
  // many helpers as there are workers. False when none is ready.
  bool reinforce();
  bool is_helper(const Worker& worker) const { return helpers_.contains(&worker); }
  bool has_helpers() const { return !helpers_.empty(); }

  void on_answer() { failures_ = 0; }  // a worker does what it should

  // To be called from worker_gone: takes it off, replaces it, and destroys it in clean_up().
  void on_gone(Worker& worker, const std::string& how);

  // Destroys what is gone; not from inside a worker's callback.
  void clean_up() { gone_.clear(); }

  // Starts what is missing, when its time has come, and looks after the slow to start and to die.
  void tick(MonoTime now);
  bool needs_ticks() const;

  // Kills all and starts none any more. worker_gone follows for each, inside the call.
  void dismiss();

 private:
  void fill(MonoTime now);
  void stand_down(MonoTime now);  // helpers that have had nothing to do for a while
  std::unique_ptr<Worker> start_one(MonoTime now);
  void put_into_group(Worker& worker);
  void note_failure(MonoTime now, std::string why);
  std::unique_ptr<Worker> take(std::vector<std::unique_ptr<Worker>>& from, const Worker& worker);
  Loop& loop_;
  const Clock& clock_;
  Log& log_;
  Worker::Options options_;  // its number: the last one's
  uint64_t last_number_ = 0;
  const size_t size_;
  Worker::Events& events_;
  ReadSpace space_;
  std::optional<Cgroups> cgroups_;
  std::string without_cgroups_;

  std::vector<std::unique_ptr<Worker>> at_work_;
  std::set<const Worker*> helpers_;  // of those at work
  std::unique_ptr<Worker> spare_;
  std::vector<std::unique_ptr<Worker>> leaving_;  // killed; what they had sent is still heard
  std::vector<std::unique_ptr<Worker>> gone_;
  bool dismissed_ = false;

  size_t started_ = 0;
  size_t killed_ = 0;
  unsigned failures_ = 0;  // in a row
  std::string last_failure_;
  MonoTime not_before_{};
};

}  // namespace sluice::sandbox
