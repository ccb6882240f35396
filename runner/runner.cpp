#include "runner/runner.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace sluice::runner {
namespace {

// Taken beyond what there is room for, at a time and altogether (take_others).
constexpr size_t kBeyondAtOnce = 8;
constexpr size_t kMostBeyond = 64;

constexpr uint32_t kDeliveriesInCompany = 3;  // after them a job runs alone

bool is_final(const Finish& finish) {
  return finish.next == Finish::Next::kDone || finish.next == Finish::Next::kDead;
}

Lane lane_of(const Submission& submission) {
  return {submission.ns, submission.queue, submission.action, submission.priority};
}

}  // namespace

Runner::Runner(RunnerParts parts, RunnerOptions options)
    : parts_(parts),
      options_(std::move(options)),
      tokens_(parts.clock),
      codes_(parts.store, parts.compiler, parts.seal, parts.log, parts.metrics, options_.lua_tag,
             options_.code_cache_bytes),
      metrics_(parts.metrics),
      plugin_calls_(
          parts.executor, parts.store, parts.plugins,
          [this](const Uuid& id) {
            const auto running = running_.find(id);
            return running == running_.end() ? nullptr : &running->second.caller;
          },
          [this] { take_at_turn_end(); }) {
  if (options_.appetite) appetite_.emplace(*options_.appetite);
}

Runner::~Runner() {
  if (started_) parts_.pool.serve_calls(nullptr);  // what runs on there has nobody to call
}

void Runner::start() {
  started_ = true;
  parts_.pool.serve_calls(&plugin_calls_);
  parts_.pool.on_room([this] { take(); });
  take();
}

// ── pop ──

void Runner::take() {
  if (!started_ || popping_ || draining_) return;
  // Where others share the queue, what arrives while a claim is on its way gathers there: they may
  // have it, and for us it becomes one batch.
  if (appetite_ && claiming_ > 0) return;
  if (!is_well()) return;  // others may be: tick() tries again
  const size_t count = wanted();
  if (count == 0) return;
  had_room_ = true;
  beyond_.clear();  // they have places as the others
  popping_ = true;
  parts_.queue.pop(options_.name, count,
                   [this](Result<std::vector<Uuid>> ids) { on_took(std::move(ids)); });
}

// Reaches the store, and can start workers.
bool Runner::is_well() const {
  return parts_.store.ready().ok() && parts_.compiler.ready().ok();
}

// A job waits for a plugin: its worker has time for others. Where no appetite is kept, the pool
// says so itself, by its room.
void Runner::take_at_turn_end() {
  if (!appetite_ || std::exchange(taking_soon_, true)) return;
  parts_.executor.at_turn_end([this] {
    taking_soon_ = false;
    take();
  });
}

void Runner::on_took(Result<std::vector<Uuid>> ids) {
  popping_ = false;
  if (!ids.ok()) {
    parts_.log.error("Cannot take work from the queue: {}", ids.error().text());
  } else if (!ids->empty()) {
    on_popped(*std::move(ids));
  }
  take();
  drained_if_idle();
}

size_t Runner::wanted() {
  const size_t room = parts_.pool.room();
  const size_t promised = claiming_ + without_code_;  // popped, and not yet at the pool
  if (room <= promised) return 0;
  size_t count = std::min(room - promised, options_.batch);
  if (appetite_) {
    // What waits for a plugin holds no worker, and keeps nothing from the others.
    const size_t waiting = std::min(parts_.pool.waiting(), running_.size());
    count = std::min(count, appetite_->more(running_.size() - waiting, parts_.clock.mono()));
  }
  return count;
}

// ── others, where there is no room ──

void Runner::look_for_others() {
  if (!std::exchange(had_room_, false)) take_others();
}

void Runner::take_others() {
  if (!started_ || popping_ || draining_ || running_.empty() || beyond_.size() >= kMostBeyond)
    return;
  if (!is_well() || wanted() > 0) return;
  popping_ = true;
  const size_t count = std::min(kBeyondAtOnce, kMostBeyond - beyond_.size());
  parts_.queue.pop_others(options_.name, count, have_their_share(),
                          [this](Result<std::vector<Uuid>> ids) {
                            if (ids.ok()) beyond_.insert(ids->begin(), ids->end());
                            on_took(std::move(ids));
                          });
}

// The fewer places are left beyond the room, the less is an action's share of them, so that there
// is one for who comes last (dynamic thresholds: Choudhury and Hahne, 1998).
std::vector<ActionName> Runner::have_their_share() const {
  std::map<std::pair<std::string_view, std::string_view>, size_t> running;
  for (const auto& [id, one] : running_)
    ++running[{one.delivery.submission->ns, one.delivery.submission->action}];
  const size_t left = (kMostBeyond - beyond_.size()) / kBeyondAtOnce;
  const size_t share = std::max<size_t>(1, std::min(left, running_.size() / running.size()));
  std::vector<ActionName> names;
  for (const auto& [name, count] : running) {
    if (count >= share) names.push_back({std::string(name.first), std::string(name.second)});
  }
  return names;
}

// ── claim ──

void Runner::on_popped(std::vector<Uuid> ids) {
  if (draining_) return parts_.queue.give_back(options_.name, std::move(ids));
  claiming_ += ids.size();
  const Claim claim{tokens_.next(), options_.name, parts_.clock.wall()};
  parts_.store.claim(ids, claim,
                     [this, ids, token = claim.token,
                      asked_at = parts_.clock.mono()](std::vector<Result<Delivery>> claimed) {
                       claiming_ -= ids.size();
                       on_claimed(ids, token, asked_at, std::move(claimed));
                       take();
                       drained_if_idle();
                     });
}

void Runner::on_claimed(const std::vector<Uuid>& ids, Uuid token, MonoTime leased_at,
                        std::vector<Result<Delivery>> claimed) {
  // What is not ours now has ended, was cancelled, or is another runner's: the queue may forget it.
  // Where the store is away, another runner may reach it.
  std::vector<Uuid> not_ours, out_of_reach;
  for (size_t i = 0; i < claimed.size(); ++i) {
    if (claimed[i].ok()) {
      begin(*std::move(claimed[i]), token, leased_at);
      continue;
    }
    beyond_.erase(ids[i]);
    if (claimed[i].error().code == Code::kUnavailable) {
      out_of_reach.push_back(ids[i]);
    } else {
      not_ours.push_back(ids[i]);
    }
  }
  if (!not_ours.empty()) parts_.queue.acknowledge(options_.name, std::move(not_ours));
  if (!out_of_reach.empty()) parts_.queue.give_back(options_.name, std::move(out_of_reach));
}

// ── run ──

void Runner::begin(Delivery delivery, Uuid token, MonoTime leased_at) {
  const Uuid id = delivery.submission->id;
  const Sha256 code_hash = delivery.submission->code_hash;
  const std::shared_ptr<const Report> poison = poisoned(delivery, options_.rules);
  const Caller caller{delivery.submission.get(), token, delivery.recorded};
  running_.insert_or_assign(id, Running{std::move(delivery), token, leased_at, false, caller});

  if (poison) {
    const WallTime now = parts_.clock.wall();
    return conclude(id, Finish{id, token, Finish::Next::kDead, now, now, Millis(0), poison});
  }
  ++without_code_;
  codes_.get(code_hash, [this, id](const Result<LoadedCode>& code) {
    --without_code_;
    if (code.ok()) return execute(id, *code);
    conclude(id, without_code(running_.at(id), code.error()));
  });
}

Finish Runner::without_code(const Running& running, const Error& error) const {
  const WallTime now = parts_.clock.wall();
  // A compiler that ends because we do says nothing about the job.
  if (draining_ && error.code == Code::kUnavailable) {
    return judge(running.delivery, {sandbox::Execution::Fate::kReturned, {}, now}, running.token,
                 now, options_.rules);
  }
  parts_.log.error("Cannot run '{}': {}", running.delivery.submission->action, error.text());
  return judge_without_code(running.delivery, error, running.token, now, options_.rules);
}

void Runner::execute(const Uuid& id, const LoadedCode& code) {
  const Running& running = running_.at(id);
  const Delivery& delivery = running.delivery;
  const SubmissionPtr& submission = delivery.submission;
  sandbox::Job job;
  job.id = id;
  job.run = running.token;
  job.ns = submission->ns;
  job.action = submission->action;
  job.code = code;
  job.payload = std::shared_ptr<const std::string>(submission, &submission->payload);
  job.timeout = submission->limits.timeout;
  job.memory_bytes = submission->limits.memory_bytes;
  // It lost a worker before, or lost its place with one so often that it may be to blame.
  job.alone = delivery.attempt > 1 || delivery.deliveries > kDeliveriesInCompany;
  parts_.pool.run(std::move(job), [this, id, run = job.run](sandbox::Execution execution) {
    on_executed(id, run, std::move(execution));
  });
  if (running.cancelled) parts_.pool.cancel(id);  // known before there was a job to cancel
}

void Runner::on_executed(const Uuid& id, const Uuid& run, sandbox::Execution execution) {
  // A run that had lost its lease, and came here again, has two ends: the first one counts. But not
  // that it was given up.
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  const Running& running = found->second;
  if (execution.report.outcome == Outcome::kCancelled && !running.cancelled) {
    if (running.token != run) return;
    // Nobody asked for it. Where the store was away for so long the lease may be ours even now.
    execution.fate = sandbox::Execution::Fate::kReturned;
  }
  const std::string& action = running.delivery.submission->action;
  switch (execution.report.outcome) {
    case Outcome::kTimedOut:
      parts_.log.warn("Action '{}' aborted after timeout", action);
      break;
    case Outcome::kOutOfMemory:
      parts_.log.warn("Action '{}' aborted after violating memory constraints", action);
      break;
    case Outcome::kUnknown:
      if (execution.fate == sandbox::Execution::Fate::kWorkerDied)
        parts_.log.warn("Action '{}' lost its worker: {}", action, execution.report.message);
      break;
    default:
      break;
  }
  if (running.cancelled && execution.fate != sandbox::Execution::Fate::kReturned) {
    Report& report = execution.report;
    report.outcome = Outcome::kCancelled;
    report.message = "cancelled while it ran";
    report.result.clear();
    report.traceback.clear();
  }
  conclude(id, judge(running.delivery, std::move(execution), running.token, parts_.clock.wall(),
                     options_.rules));
}

// ── finish ──

void Runner::conclude(const Uuid& id, Finish finish) {
  const auto running = running_.find(id);
  metrics_.ended(running->second.delivery, finish);
  if (appetite_) appetite_->ended(1);
  if (concluded_.empty()) parts_.executor.at_turn_end([this] { flush_concluded(); });
  concluded_.push_back({std::move(finish), std::move(running->second.delivery.submission),
                        running->second.cancelled});
  running_.erase(running);
}

void Runner::flush_concluded() {
  std::vector<Concluded> batch = std::exchange(concluded_, {});
  std::vector<Finish> finishes;
  std::vector<Announcement> results;
  bool others_ended = false;
  finishes.reserve(batch.size());
  results.reserve(batch.size());
  for (const Concluded& concluded : batch) {
    const Finish& finish = concluded.finish;
    finishes.push_back(finish);
    others_ended = beyond_.erase(finish.id) > 0 || others_ended;
    if (options_.announce_results && is_final(finish))
      results.push_back({finish.id, Announcement::Phase::kResult, finish.report});
  }
  if (!results.empty()) parts_.queue.announce(std::move(results));

  ++finishing_;
  parts_.store.finish(std::move(finishes), Urgency::kLinger,
                      [this, batch = std::move(batch)](const std::vector<Status>& written) {
                        --finishing_;
                        on_finished(batch, written);
                        drained_if_idle();
                      });
  take();
  if (others_ended) take_others();  // the next of theirs, where there is still no room
}

void Runner::on_finished(const std::vector<Concluded>& concluded,
                         const std::vector<Status>& written) {
  std::vector<Uuid> over;
  std::vector<Announcement> durable;
  std::vector<Entry> again;
  for (size_t i = 0; i < concluded.size(); ++i) {
    const Finish& finish = concluded[i].finish;
    over.push_back(finish.id);
    if (!written[i].ok()) {
      // Its lease passed to another, or its record was never written: this result is not the one.
      parts_.log.warn("The result of {} was not accepted: {}", finish.id.text(),
                      written[i].error().text());
    } else if (is_final(finish) || concluded[i].cancelled) {
      durable.push_back({finish.id, Announcement::Phase::kDurable, finish.report});
    } else if (finish.retry_after <= Millis(0)) {
      again.push_back({finish.id, lane_of(*concluded[i].submission)});
    }
  }
  parts_.queue.acknowledge(options_.name, std::move(over));
  if (!durable.empty()) parts_.queue.announce(std::move(durable));
  if (!again.empty()) parts_.queue.push(std::move(again), nullptr);
}

// ── leases and the end ──

void Runner::tick() {
  renew();
  take();
}

void Runner::renew() {
  const MonoTime now = parts_.clock.mono();
  std::unordered_map<Uuid, std::vector<Uuid>> by_token;
  for (auto& [id, running] : running_) {
    if (now - running.leased_at < parts_.store.lease() / 4) continue;
    running.leased_at = now;
    by_token[running.token].push_back(id);
  }
  for (auto& [token, ids] : by_token) {
    parts_.store.renew(ids, token,
                       [this, ids = ids, token = token](const std::vector<Renewed>& answers) {
                         for (size_t i = 0; i < answers.size(); ++i)
                           on_renewed(ids[i], token, answers[i]);
                       });
  }
}

void Runner::on_renewed(const Uuid& id, const Uuid& token, Renewed renewed) {
  const auto found = running_.find(id);
  if (found == running_.end() || found->second.token != token) return;  // it came here again
  Running& running = found->second;
  if (renewed.answer == Renewed::Answer::kCancel && !std::exchange(running.cancelled, true))
    parts_.pool.cancel(id);
  if (renewed.answer == Renewed::Answer::kLost && !std::exchange(running.caller.lost, true)) {
    parts_.log.warn("The lease of {} passed to another runner", id.text());
    parts_.pool.cancel(id);  // its result would be refused
  }
}

void Runner::declare() {
  std::vector<Entry> held;
  held.reserve(running_.size());
  for (const auto& [id, running] : running_)
    held.push_back({id, lane_of(*running.delivery.submission)});
  if (!held.empty()) parts_.queue.hold(options_.name, std::move(held));
}

void Runner::drain(Millis grace, std::function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  parts_.queue.stop_pop(options_.name);
  parts_.pool.stop(grace, [this] { drained_if_idle(); });
  drained_if_idle();
}

void Runner::drained_if_idle() {
  if (!draining_ || !drained_ || popping_ || claiming_ || !running_.empty() ||
      !concluded_.empty() || finishing_)
    return;
  parts_.executor.post(std::exchange(drained_, nullptr));
}

}  // namespace sluice::runner
