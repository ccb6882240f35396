#include "sandbox/pool/process_pool.h"

#include <algorithm>

namespace sluice::sandbox {
namespace {

constexpr std::chrono::milliseconds kTick{
    5};  // deadlines, stalls, respawns; only while there is something

// How many workers may die around a job that is not to blame before it is run alone, and how many
// before it is blamed after all.
constexpr unsigned kLostBeforeAlone = 3;

constexpr unsigned kTicksBetweenMeasures = 10;  // of workers' memory

const char* why_killed(Worker::Health health) {
  switch (health) {
    case Worker::Health::kOvertime:
      return "was killed: its job ran past its limit";
    case Worker::Health::kOversized:
      return "was killed: it had more memory than its jobs may have";
    default:
      return "was killed: it did not respond";
  }
}

// Code that held a C function past its limit once runs alone in its worker from then on. So many
// are remembered.
constexpr size_t kOffenders = 1'024;

}  // namespace

ProcessPool::ProcessPool(Loop& loop, const Clock& clock, Log& log, PoolOptions options)
    : loop_(loop),
      clock_(clock),
      log_(log),
      options_(std::move(options)),
      crew_(loop, clock, log,
            Worker::Options{options_.worker_path, options_.max_memory_bytes,
                            options_.snapshot_bytes, options_.offers_per_worker},
            options_.workers, *this),
      compiles_(loop, {.path = options_.worker_path, .timeout = options_.compile_timeout}),
      ticker_(loop),
      stop_limit_(loop) {}

ProcessPool::~ProcessPool() = default;

Status ProcessPool::start() {
  Status status = crew_.start();
  if (status.ok()) keep_ticking();
  return status;
}

// --- jobs in ---

size_t ProcessPool::room() const {
  const size_t workers = std::max<size_t>(options_.workers, 1);
  const size_t slots = workers * wire::kSlots + options_.prefetch;
  const size_t places =
      workers * std::clamp<size_t>(options_.offers_per_worker, 1, wire::kSlots) + options_.prefetch;
  const size_t pressing = jobs_ - calling_;
  if (stopping_ || pressing >= places || jobs_ >= slots) return 0;
  return std::min(places - pressing, slots - jobs_);
}

void ProcessPool::on_room(std::function<void()> listener) {
  on_room_ = std::move(listener);
}

void ProcessPool::run(Job job, std::function<void(Execution)> done) {
  auto ticket = std::make_unique<Ticket>(Ticket{std::move(job), std::move(done), clock_.mono()});
  ++jobs_;
  if (stopping_) {
    Execution returned;
    returned.fate = Execution::Fate::kReturned;
    return answer_later(std::move(ticket), std::move(returned));
  }
  if (room() == 0) had_no_room_ = true;
  const Job& asked = ticket->job;
  const char* fault = nullptr;
  if (asked.code == nullptr || asked.code->bytecode.size() > kMaxBytecodeBytes)
    fault = "the job has no bytecode of a size that a worker takes";
  else if (asked.payload != nullptr && asked.payload->size() > wire::kMaxPayloadBytes)
    fault = "the job's payload is larger than a worker takes (16 MiB)";
  if (fault != nullptr) {
    Execution refused;
    refused.started_at = clock_.wall();
    refused.report.outcome = Outcome::kPlatform;
    refused.report.message = fault;
    return answer_later(std::move(ticket), std::move(refused));
  }
  if (!offenders_.empty() && offenders_.contains(asked.code->hash)) ticket->job.alone = true;
  waiting_.push_back(std::move(ticket));
  schedule();
}

void ProcessPool::cancel(const Uuid& id) {
  TicketPtr ticket = waiting_.remove(id);
  bool found = ticket != nullptr;
  for (Worker* worker : crew_.all()) {
    if (found) break;
    ticket = worker->cancel(id, clock_.mono(), &found);
    if (ticket != nullptr) --offered_;
  }
  if (ticket != nullptr) end_as_told({std::move(ticket), Outcome::kCancelled, {}});
}

// --- calls of plugins ---

void ProcessPool::worker_called(const Job& job, const CallPlace& place, const Call& call) {
  ++calling_;
  schedule();  // there is room for others
  const auto done = [this, place, alive = std::weak_ptr<int>(life_)](const Answer& answer) {
    if (!alive.expired()) on_answer(place, answer);
  };
  if (call_server_ != nullptr) return call_server_->call(job, call, done);
  loop_.post([done] { done({false, "no plugins are configured"}); });
}

void ProcessPool::on_answer(const CallPlace& place, const Answer& answer) {
  Worker* const worker = crew_.find(place.worker);
  if (worker == nullptr || !worker->answer(place, answer, clock_.mono())) return;
  --calling_;
  if (room() == 0) had_no_room_ = true;
  schedule();
}

void ProcessPool::worker_hung_up(const Job& job) {
  --calling_;
  if (room() == 0) had_no_room_ = true;
  if (call_server_ != nullptr) call_server_->hang_up(job);
}

void ProcessPool::compile(Source source, std::function<void(Result<Bytecode>)> done) {
  compiles_.compile(std::move(source), std::move(done));
}

// All that a turn brings is dispatched together, once.
void ProcessPool::schedule() {
  if (scheduled_) return;
  scheduled_ = true;
  loop_.at_turn_end([this, alive = std::weak_ptr<int>(life_)] {
    if (!alive.expired()) at_end_of_turn();
  });
}

void ProcessPool::at_end_of_turn() {
  scheduled_ = false;
  crew_.clean_up();
  dispatch();
  for (const auto& worker : crew_.at_work()) worker->flush();
  tell_room();
  keep_ticking();
  if (stopping_ && jobs_ == 0) end_stop();
}

void ProcessPool::tell_room() {
  if (!had_no_room_ || room() == 0) return;
  had_no_room_ = false;
  if (on_room_) on_room_();
}

// --- jobs out ---

void ProcessPool::answer(TicketPtr ticket, Execution execution) {
  --jobs_;
  if (had_no_room_ || stopping_) schedule();
  ticket->done(std::move(execution));
}

void ProcessPool::answer_later(TicketPtr ticket, Execution execution) {
  struct Answer {
    TicketPtr ticket;
    Execution execution;
  };
  loop_.post(
      [this, alive = std::weak_ptr<int>(life_),
       answered = std::make_shared<Answer>(Answer{std::move(ticket), std::move(execution)})] {
        if (!alive.expired()) answer(std::move(answered->ticket), std::move(answered->execution));
      });
}

void ProcessPool::worker_finished(Worker&, TicketPtr ticket, Execution execution) {
  --offered_;
  crew_.on_answer();
  if (!waiting_.empty()) schedule();
  answer(std::move(ticket), std::move(execution));
}

void ProcessPool::worker_skipped(Worker&) {
  if (!waiting_.empty()) schedule();
}

// --- workers come and go ---

bool ProcessPool::worker_ready(Worker& worker) {
  if (lua_tag_.empty()) {
    lua_tag_ = worker.lua_tag();
    layers_ = worker.layers();
    layers_.push_back(crew_.cgroup_layer());
    tell_of_missing_layers();
  }
  if (worker.lua_tag() != lua_tag_) {
    log_.error(
        "{} was replaced by one with another Lua build ({} instead of {}): restart the server",
        options_.worker_path, worker.lua_tag(), lua_tag_);
    return false;
  }
  schedule();
  return true;
}

// Once: they depend on the host, and are the same for every worker.
void ProcessPool::tell_of_missing_layers() {
  for (const Layer& layer : layers_) {
    // Few servers are given a part of the cgroup tree, and rlimits bound memory, too.
    if (layer.in_force || layer.name == "cgroup") continue;
    log_.warn("Workers are not confined by {} here ({}); `sluice doctor` shows what holds",
              layer.name, layer.detail);
  }
}

void ProcessPool::worker_gone(Worker& worker) {
  if (&worker == cleared_for_alone_) cleared_for_alone_ = nullptr;
  Worker::Remains remains = worker.remains();
  offered_ -= remains.others.size() + remains.ended.size() + (remains.charged != nullptr ? 1 : 0);
  crew_.on_gone(worker, remains.how);
  if (out_of_time_ && remains.charged != nullptr) waiting_.push_front(std::move(remains.charged));
  if (remains.charged != nullptr) {
    charge(remains);
  } else if (!remains.others.empty() && !worker.was_killed()) {
    log_.warn("A sandbox worker {}; the {} jobs that waited in it run again", remains.how,
              remains.others.size());
  }

  for (Worker::Ended& ended : remains.ended) end_as_told(std::move(ended));

  for (auto ticket = remains.others.rbegin(); ticket != remains.others.rend(); ++ticket) {
    if ((*ticket)->called) {
      Execution returned;
      returned.fate = Execution::Fate::kReturned;
      answer_later(std::move(*ticket), std::move(returned));
      continue;
    }
    if (remains.cause == Worker::Health::kFine || remains.cause == Worker::Health::kOversized)
      ++(*ticket)->lost_workers;
    if ((*ticket)->lost_workers > kLostBeforeAlone) {
      remains.charged = std::move(*ticket);
      remains.spent = {};
      charge(remains);
      continue;
    }
    if ((*ticket)->lost_workers == kLostBeforeAlone) (*ticket)->job.alone = true;
    waiting_.push_front(std::move(*ticket));
  }
  if (stopping_) return_unstarted();
  schedule();
}

// A job whose worker did not get to ending it.
void ProcessPool::end_as_told(Worker::Ended ended) {
  const Job& job = ended.ticket->job;
  Execution execution;
  Report& report = execution.report;
  report.outcome = ended.outcome;
  if (ended.outcome == Outcome::kTimedOut) {
    report.message = "timed out after " + std::to_string(job.timeout.count()) + " ms";
  } else {
    report.message = "cancelled";
  }
  report.run_time = ended.spent.run_time;
  report.cpu_time = ended.spent.cpu_time;
  execution.started_at = clock_.wall() - std::chrono::floor<Millis>(report.run_time);
  answer_later(std::move(ended.ticket), std::move(execution));
}

void ProcessPool::charge(Worker::Remains& remains) {
  const Job& job = remains.charged->job;
  Execution execution;
  Report& report = execution.report;
  if (remains.cause == Worker::Health::kOvertime) {
    report.outcome = Outcome::kTimedOut;
    report.message = "timed out after " + std::to_string(job.timeout.count()) +
                     " ms in a C function (worker killed)";
    if (offenders_.size() >= kOffenders) offenders_.erase(offenders_.begin());
    offenders_.insert(job.code->hash);
  } else {
    execution.fate = Execution::Fate::kWorkerDied;
    report.outcome = Outcome::kUnknown;
    report.message = "the worker " + remains.how + " while it ran this job";
    log_.warn("A sandbox worker {} while it ran action '{}', invocation {}", remains.how,
              job.action, job.id.text());
  }
  report.run_time = remains.spent.run_time;
  report.cpu_time = remains.spent.cpu_time;
  execution.started_at = clock_.wall() - std::chrono::floor<Millis>(report.run_time);
  answer_later(std::move(remains.charged), std::move(execution));
}

// --- time ---

void ProcessPool::keep_ticking() {
  if (offered_ == 0 && waiting_.empty() && !crew_.needs_ticks()) return;
  if (!ticker_.active()) ticker_.every(kTick, [this] { tick(); });
}

void ProcessPool::tick() {
  const MonoTime now = clock_.mono();
  crew_.tick(now);
  check_workers(now);
  if (!stopping_) {
    relieve_stalled(now);
    help_starving(now);
  }
  if (!waiting_.empty()) schedule();
  if (offered_ == 0 && waiting_.empty() && !crew_.needs_ticks()) ticker_.stop();
}

void ProcessPool::check_workers(MonoTime now) {
  std::vector<std::pair<Worker*, Worker::Health>> sick;
  const bool measure = ++ticks_ % kTicksBetweenMeasures == 0;
  for (const auto& worker : crew_.at_work()) {
    if (!worker->ready()) continue;
    Worker::Health health = worker->check(now);
    if (health == Worker::Health::kFine && measure && !worker->idle() && worker->oversized())
      health = Worker::Health::kOversized;
    for (Worker::Ended& ended : worker->take_overdue(now)) {
      --offered_;
      end_as_told(std::move(ended));
    }
    if (health != Worker::Health::kFine) sick.emplace_back(worker.get(), health);
  }
  for (const auto& [worker, health] : sick) {
    if (worker == cleared_for_alone_) cleared_for_alone_ = nullptr;
    crew_.replace(*worker, now, health, why_killed(health));
  }
}

// --- the end ---

void ProcessPool::stop(Millis grace, std::function<void()> done) {
  stopped_ = std::move(done);
  if (stopping_) return schedule();
  stopping_ = true;
  compiles_.stop();
  for (const auto& worker : crew_.at_work()) {
    std::vector<TicketPtr> back = worker->revoke(worker->outstanding(), MonoTime::max());
    offered_ -= back.size();
    for (TicketPtr& ticket : back) waiting_.push_back(std::move(ticket));
  }
  return_unstarted();
  schedule();
  stop_limit_.once(grace, [this] {
    out_of_time_ = true;
    crew_.dismiss();
    schedule();
  });
}

void ProcessPool::return_unstarted() {
  while (!waiting_.empty()) {
    Execution returned;
    returned.fate = Execution::Fate::kReturned;
    answer_later(waiting_.take(), std::move(returned));
  }
}

void ProcessPool::end_stop() {
  if (stopped_ == nullptr) return;
  stop_limit_.stop();
  crew_.dismiss();
  ticker_.stop();
  std::function<void()> done = std::move(stopped_);
  stopped_ = nullptr;
  loop_.post(std::move(done));
}

PoolStats ProcessPool::stats() const {
  PoolStats stats;
  stats.workers_alive = crew_.alive();
  for (const auto& worker : crew_.at_work()) stats.workers_busy += worker->busy() ? 1 : 0;
  stats.jobs_offered = offered_;
  stats.jobs_waiting = waiting_.size();
  stats.jobs_calling = calling_;
  stats.killed = crew_.killed();
  stats.restarts = crew_.restarts();
  return stats;
}

std::vector<pid_t> ProcessPool::worker_pids() const {
  std::vector<pid_t> pids;
  for (const auto& worker : crew_.at_work()) pids.push_back(worker->pid());
  return pids;
}

}  // namespace sluice::sandbox
