#include "store/mongo/writer.h"

#include <utility>

#include "base/thread_name.h"

namespace sluice::mongo {
namespace {

constexpr Millis kForEver{365ll * 24 * 3'600'000};
constexpr Millis kLook{100};  // while the database is away: is there something to refuse?

template <class T>
std::vector<T*> all_of(std::vector<Call>& calls) {
  std::vector<T*> all;
  for (Call& call : calls) all.push_back(&std::get<T>(call));
  return all;
}

size_t items_of(const Call& call) {
  struct Count {
    size_t operator()(const InsertCall& c) const { return c.items.size(); }
    size_t operator()(const ClaimCall& c) const { return c.request.ids.size(); }
    size_t operator()(const RenewCall& c) const { return c.request.ids.size(); }
    size_t operator()(const FinishCall& c) const { return c.items.size(); }
    size_t operator()(const CancelCall& c) const { return c.ids.size(); }
    size_t operator()(const OtherCall&) const { return kMaxStatements; }  // alone
  };
  return std::visit(Count{}, call);
}

}  // namespace

Writer::Writer(const Connector& connector, Link& link, std::function<Rules()> rules,
               const Answers& answers, Log& log)
    : link_(link),
      session_(connector.pool(), connector.database()),
      rules_(std::move(rules)),
      answers_(answers),
      log_(log),
      thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Writer::say(Call call) {
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
  }
  changed_.notify_one();
}

// ── its own thread ──

void Writer::run() {
  name_this_thread("mongo-write");
  for (Calls calls = next(); !calls.empty(); calls = next()) carry_out(std::move(calls));
}

// The calls of one kind that come next, as many as one command takes. None: it is over.
Writer::Calls Writer::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
  Calls calls;
  size_t items = 0;
  while (!calls_.empty() && (calls.empty() || calls_.front().index() == calls.front().index())) {
    items += items_of(calls_.front());
    if (!calls.empty() && items > kMaxStatements) break;
    calls.push_back(std::move(calls_.front()));
    calls_.pop_front();
  }
  return calls;
}

void Writer::carry_out(Calls calls) {
  const Call& first = calls.front();
  if (std::holds_alternative<InsertCall>(first)) return insert(calls);
  if (std::holds_alternative<ClaimCall>(first)) return claim(calls);
  if (std::holds_alternative<RenewCall>(first)) return renew(calls);
  if (std::holds_alternative<FinishCall>(first)) return finish(calls);
  if (std::holds_alternative<CancelCall>(first)) return cancel(calls);
  for (Call& call : calls) other(std::get<OtherCall>(call));
}

// ── what is answered soon, one way or the other ──

Status Writer::soon(const std::function<Status()>& attempt) {
  Status done = link_.soon(attempt);
  if (!done.ok() && done.error().code == Code::kUnavailable) refuse_waiting(done.error());
  return done;
}

void Writer::insert(Calls& calls) {
  const auto parts = all_of<InsertCall>(calls);
  std::vector<SubmissionPtr> items;
  for (InsertCall* call : parts) items.insert(items.end(), call->items.begin(), call->items.end());
  const auto nonce =
      static_cast<int64_t>(std::uniform_int_distribution<uint64_t>()(random_) & 0x7fffffffffffffff);
  InsertBatch batch(std::move(items), rules_(), nonce);
  const Status done = soon([&] { return batch.write(session_); });
  Answers::Pairs<std::vector<Inserted>> answers;
  size_t at = 0;
  for (InsertCall* call : parts) {
    const size_t count = call->items.size();
    std::vector<Inserted> results;
    for (size_t i = 0; i < count; ++i) {
      if (done.ok())
        results.push_back(batch.results[at + i]);
      else
        results.push_back({done, call->items[i]->id, false});
    }
    at += count;
    answers.emplace_back(std::move(call->done), std::move(results));
  }
  answers_.post_all(std::move(answers));
}

void Writer::cancel(Calls& calls) {
  for (CancelCall* call : all_of<CancelCall>(calls)) {
    CancelBatch batch(call->ids, rules_());
    const Status done = soon([&] { return batch.write(session_); });
    if (!done.ok()) batch.results.assign(call->ids.size(), done);
    answers_.post(std::move(call->done), std::move(batch.results));
  }
}

void Writer::other(OtherCall& call) {
  call.done(soon([&] { return call.run(session_); }));
}

// ── what is tried until it is done ──

// Gives up after `patience`, or when the store is being closed.
Status Writer::at_last(const std::function<Status()>& attempt, Millis patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const Status done = link_.ready().ok() ? attempt() : link_.ready();
    if (done.ok() || done.error().code != Code::kUnavailable) return done;
    link_.failed(done.error());
    for (bool there = false; !there;) {
      refuse_waiting(done.error());
      there = link_.wait_until_there(kLook);
      if (!there && (link_.closed() || std::chrono::steady_clock::now() >= end)) return done;
    }
  }
}

void Writer::claim(Calls& calls) {
  const auto parts = all_of<ClaimCall>(calls);
  std::vector<ClaimRequest> requests;
  for (ClaimCall* call : parts) requests.push_back(call->request);
  ClaimBatch batch(std::move(requests), rules_(), held_);
  // Longer than that it is better to let others have them.
  const Status done = at_last([&] { return batch.write(session_); }, rules_().options.lease / 2);
  Answers::Pairs<std::vector<Result<Delivery>>> answers;
  for (size_t i = 0; i < parts.size(); ++i) {
    std::vector<Result<Delivery>> results;
    if (done.ok())
      results = std::move(batch.results[i]);
    else
      results.assign(parts[i]->request.ids.size(), Result<Delivery>(done.error()));
    answers.emplace_back(std::move(parts[i]->done), std::move(results));
  }
  answers_.post_all(std::move(answers));
}

void Writer::renew(Calls& calls) {
  const auto parts = all_of<RenewCall>(calls);
  std::vector<RenewRequest> requests;
  for (RenewCall* call : parts) requests.push_back(call->request);
  RenewBatch batch(std::move(requests), rules_(), held_);
  const Status done = at_last([&] { return batch.write(session_); }, rules_().options.lease);
  for (size_t i = 0; i < parts.size(); ++i) {
    std::vector<Renewed> results(
        parts[i]->request.ids.size());  // lost: so long silent, they are another's
    if (done.ok()) results = std::move(batch.results[i]);
    answers_.post(std::move(parts[i]->done), std::move(results));
  }
}

void Writer::finish(Calls& calls) {
  const auto parts = all_of<FinishCall>(calls);
  std::vector<Finish> items;
  for (FinishCall* call : parts) items.insert(items.end(), call->items.begin(), call->items.end());
  FinishBatch batch(std::move(items), rules_(), held_);
  const Status done = at_last([&] { return batch.write(session_); }, kForEver);
  if (!done.ok()) {
    log_.error("{} results were not written: {}", batch.results.size(), done.error().message);
    batch.results.assign(batch.results.size(), done);
  }
  Answers::Pairs<std::vector<Status>> answers;
  auto at = batch.results.begin();
  for (FinishCall* call : parts) {
    const auto end = at + static_cast<std::ptrdiff_t>(call->items.size());
    answers.emplace_back(std::move(call->done), std::vector<Status>(at, end));
    at = end;
  }
  answers_.post_all(std::move(answers));
}

// ── refusing ──

// Whoever waits for an answer behind what is being tried.
void Writer::refuse_waiting(const Error& error) {
  std::deque<Call> refused;
  {
    const std::lock_guard lock(mutex_);
    std::deque<Call> kept;
    for (Call& call : calls_) {
      const bool waits_long = std::holds_alternative<ClaimCall>(call) ||
                              std::holds_alternative<RenewCall>(call) ||
                              std::holds_alternative<FinishCall>(call);
      (waits_long ? kept : refused).push_back(std::move(call));
    }
    calls_ = std::move(kept);
  }
  for (Call& call : refused) refuse(call, error);
}

void Writer::refuse(Call& call, const Error& error) {
  if (auto* insert = std::get_if<InsertCall>(&call)) {
    std::vector<Inserted> results;
    for (const SubmissionPtr& item : insert->items) results.push_back({error, item->id, false});
    return answers_.post(std::move(insert->done), std::move(results));
  }
  if (auto* cancel = std::get_if<CancelCall>(&call)) {
    return answers_.post(std::move(cancel->done),
                         std::vector<Status>(cancel->ids.size(), Status(error)));
  }
  if (auto* other = std::get_if<OtherCall>(&call)) other->done(error);
}

}  // namespace sluice::mongo
