#include "sandbox/pool/crew.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sluice::sandbox {
namespace {

// Of failed starts in a row, these are told: the first, and then one in about a minute.
constexpr unsigned kToldEvery = 64;
constexpr unsigned kFailuresBeforeUnhealthy = 3;  // in a row
constexpr std::chrono::milliseconds kFirstDelay{20};
constexpr std::chrono::milliseconds kLongestDelay{1'000};
constexpr std::chrono::milliseconds kStartTime{10'000};   // until it must have said hello
constexpr std::chrono::milliseconds kHelpersWait{1'000};  // without a job, before they go

}  // namespace

Crew::Crew(Loop& loop, const Clock& clock, Log& log, Worker::Options options, size_t size,
           Worker::Events& events)
    : loop_(loop),
      clock_(clock),
      log_(log),
      options_(std::move(options)),
      size_(std::max<size_t>(size, 1)),
      events_(events) {}

Status Crew::start() {
  struct stat file;
  const auto refuse = [&](const std::string& why) {
    return Error{sluice::Code::kInvalid, "pool.start",
                 "the worker program " + options_.path + " " + why +
                     "; it should be the sluice-sandbox that was built with this server"};
  };
  if (stat(options_.path.c_str(), &file) != 0)
    return refuse(std::string("cannot be found (") + std::strerror(errno) + ")");
  if (!S_ISREG(file.st_mode) || access(options_.path.c_str(), X_OK) != 0)
    return refuse("cannot be executed");
  if (auto cgroups = Cgroups::open(); cgroups.ok()) {
    cgroups_ = *std::move(cgroups);
  } else {
    without_cgroups_ = cgroups.error().message;
  }
  fill(clock_.mono());
  if (at_work_.empty())
    return Error{sluice::Code::kUnavailable, "pool.start",
                 "no worker could be started: " + last_failure_};
  return Ok{};
}

Status Crew::health() const {
  if (failures_ < kFailuresBeforeUnhealthy || alive() > 0) return Ok{};
  return Error{sluice::Code::kUnavailable, "pool",
               "no sandbox worker (" + options_.path + ") can be started: " + last_failure_};
}

Worker* Crew::find(uint64_t number) const {
  for (const auto& worker : at_work_)
    if (worker->number() == number) return worker.get();
  return nullptr;
}

size_t Crew::alive() const {
  size_t alive = spare_ != nullptr && spare_->ready() ? 1 : 0;
  for (const auto& worker : at_work_) alive += worker->ready() ? 1 : 0;
  return alive;
}

void Crew::fill(MonoTime now) {
  if (dismissed_) return;
  while (at_work_.size() - helpers_.size() < size_) {
    auto worker = spare_ != nullptr ? std::move(spare_) : start_one(now);
    if (worker == nullptr) return;
    at_work_.push_back(std::move(worker));
  }
  if (spare_ == nullptr) spare_ = start_one(now);
}

std::unique_ptr<Worker> Crew::start_one(MonoTime now) {
  if (now < not_before_) return nullptr;
  options_.number = ++last_number_;
  auto worker = Worker::start(loop_, clock_, options_, space_, events_);
  if (!worker.ok()) {
    note_failure(now, worker.error().text());
    return nullptr;
  }
  ++started_;
  put_into_group(**worker);
  return std::move(*worker);
}

// Before it is told anything to do. That it cannot be is no reason to do without it: its own limit
// on addresses holds.
void Crew::put_into_group(Worker& worker) {
  if (!cgroups_) return;
  auto group = cgroups_->put(worker.pid(), options_.most_bytes());
  if (group.ok()) {
    worker.hold(*std::move(group));
  } else {
    without_cgroups_ = group.error().message;
  }
}

Layer Crew::cgroup_layer() const {
  if (!without_cgroups_.empty()) return {"cgroup", false, without_cgroups_};
  return {"cgroup", true, "bounded memory by the kernel's count, and no swap"};
}

void Crew::note_failure(MonoTime now, std::string why) {
  last_failure_ = std::move(why);
  ++failures_;
  const auto delay = kFirstDelay * (1u << std::min(failures_ - 1, 6u));
  not_before_ = now + std::min<std::chrono::milliseconds>(delay, kLongestDelay);
  if (failures_ % kToldEvery == 1) {
    log_.error("A sandbox worker ({}) could not be started, jobs wait until one can: {}",
               options_.path, last_failure_);
  }
}

void Crew::replace(Worker& worker, MonoTime now, Worker::Health cause, std::string why) {
  ++killed_;
  worker.kill(now, cause, std::move(why));
  if (auto owned = take(at_work_, worker)) leaving_.push_back(std::move(owned));
  fill(now);
}

bool Crew::reinforce() {
  if (spare_ == nullptr || !spare_->ready() || helpers_.size() >= size_) return false;
  helpers_.insert(spare_.get());
  at_work_.push_back(std::move(spare_));
  fill(clock_.mono());
  return true;
}

void Crew::stand_down(MonoTime now) {
  std::vector<Worker*> unneeded;
  for (const auto& worker : at_work_) {
    if (is_helper(*worker) && worker->idle() && now - worker->last_progress() > kHelpersWait)
      unneeded.push_back(worker.get());
  }
  for (Worker* worker : unneeded) {
    worker->kill(now, Worker::Health::kFine, "had helped out");
    leaving_.push_back(take(at_work_, *worker));
  }
}

void Crew::on_gone(Worker& worker, const std::string& how) {
  const MonoTime now = clock_.mono();
  std::unique_ptr<Worker> owned;
  if (spare_.get() == &worker) owned = std::move(spare_);
  if (owned == nullptr) owned = take(at_work_, worker);
  if (owned == nullptr) owned = take(leaving_, worker);
  if (owned != nullptr) gone_.push_back(std::move(owned));
  if (dismissed_) return;
  // One that dies before it was given a job has never worked: the next may not either.
  if (!worker.was_offered() && !worker.was_killed())
    note_failure(now, "it " + how + " before it was given a job");
  fill(now);
}

void Crew::tick(MonoTime now) {
  for (Worker* worker : all()) {  // though they may change places meanwhile
    if (worker->starting() && now - worker->started_at() > kStartTime) {
      note_failure(now, "it did not get ready in time");
      worker->kill(now, Worker::Health::kUnresponsive, "did not get ready in time");
    }
    if (worker->overdue_to_die(now)) worker->give_up_waiting();
  }
  stand_down(now);
  fill(now);
}

bool Crew::needs_ticks() const {
  if (dismissed_) return false;
  if (!leaving_.empty() || has_helpers() || at_work_.size() < size_ || spare_ == nullptr)
    return true;
  // One that holds what it was offered is watched, even when its jobs have gone elsewhere.
  return spare_->starting() ||
         std::any_of(at_work_.begin(), at_work_.end(),
                     [](const auto& worker) { return !worker->ready() || !worker->idle(); });
}

void Crew::dismiss() {
  dismissed_ = true;
  const MonoTime now = clock_.mono();
  for (Worker* worker : all()) worker->kill(now, Worker::Health::kFine, "was told to end");
  for (Worker* worker : all()) worker->give_up_waiting();
}

std::unique_ptr<Worker> Crew::take(std::vector<std::unique_ptr<Worker>>& from,
                                   const Worker& worker) {
  const auto found = std::find_if(from.begin(), from.end(),
                                  [&](const auto& owned) { return owned.get() == &worker; });
  if (found == from.end()) return nullptr;
  std::unique_ptr<Worker> owned = std::move(*found);
  from.erase(found);
  helpers_.erase(&worker);
  return owned;
}

std::vector<Worker*> Crew::all() const {
  std::vector<Worker*> all;
  for (const auto& worker : at_work_) all.push_back(worker.get());
  for (const auto& worker : leaving_) all.push_back(worker.get());
  if (spare_ != nullptr) all.push_back(spare_.get());
  return all;
}

}  // namespace sluice::sandbox
