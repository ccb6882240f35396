#include "sandbox/pool/worker.h"

#include <unistd.h>

#include <algorithm>

namespace sluice::sandbox {
namespace {

// One worker is not offered more payload than this at a time, unless a single one is larger.
constexpr size_t kMaxOfferedBytes = 1 << 20;

// Programs, payloads, results, answers, C stacks, page tables.
constexpr uint64_t kBesidesJobsBytes = 768ull << 20;

}  // namespace

// Arenas have some air in them.
uint64_t Worker::Options::most_bytes() const {
  return kTotalMemoryFactor * max_memory_bytes * 5 / 4 + snapshot_bytes + kBesidesJobsBytes;
}

Result<std::unique_ptr<Worker>> Worker::start(Loop& loop, const Clock& clock,
                                              const Options& options, ReadSpace& space,
                                              Events& events) {
  auto page = SharedPage::create();
  if (!page.ok()) return page.error();
  auto child = ChildProcess::start(
      options.path,
      {"run", std::to_string(getpid()), std::to_string(options.max_memory_bytes),
       std::to_string(options.snapshot_bytes)},
      &page->fd());
  if (!child.ok()) return child.error();
  page->close_fd();
  return std::unique_ptr<Worker>(
      new Worker(loop, clock, options, space, events, std::move(*child), std::move(*page)));
}

Worker::Worker(Loop& loop, const Clock& clock, const Options& options, ReadSpace& space,
               Events& events, ChildProcess child, SharedPage page)
    : clock_(clock),
      number_(options.number),
      most_offers_(std::clamp<size_t>(options.offers, 1, wire::kSlots)),
      most_bytes_(options.most_bytes()),
      events_(events),
      child_(std::move(child)),
      page_(std::move(page)),
      channel_(loop, child_.take_channel(), space, *this),
      started_at_(clock.mono()) {
  for (uint16_t slot = wire::kSlots; slot-- > 0;) free_slots_.push_back(slot);
}

bool Worker::full() const {
  return pressing() >= most_offers_ || out_of_slots() || offered_bytes_ >= kMaxOfferedBytes;
}

MonoTime Worker::pressing_since() const {
  for (const uint16_t slot : order_)
    if (!offers_[slot].waits) return offers_[slot].pressing_since;
  return MonoTime::max();
}

bool Worker::holds(const Job& job) const {
  return std::any_of(order_.begin(), order_.end(), [&](uint16_t slot) {
    const TicketPtr& ticket = offers_[slot].ticket;
    return ticket != nullptr && ticket->job.action == job.action && ticket->job.ns == job.ns;
  });
}

void Worker::offer(TicketPtr ticket, MonoTime now) {
  const Job& job = ticket->job;
  const uint16_t slot = free_slots_.back();
  const uint64_t sequence = ++last_sequence_;

  if (!busy()) last_progress_ = now;
  if (!ns_) ns_ = job.ns;
  reserved_ = job.alone;

  const uint32_t code = ensure_code(*job.code);
  wire::Run run;
  run.code = code;
  run.timeout_ms = static_cast<uint32_t>(limit_of(job).count());
  run.memory_bytes = job.memory_bytes;
  run.action = std::string_view(job.action).substr(0, wire::kMaxNameBytes);
  if (job.payload) run.payload = *job.payload;
  page_->offer(slot, sequence);
  encode(channel_.out(), run, slot, sequence);

  free_slots_.pop_back();
  order_.push_back(slot);
  offered_bytes_ += run.payload.size();
  Offer& offer = offers_[slot] = Offer{};
  offer.ticket = std::move(ticket);
  offer.sequence = sequence;
  offer.made_at = offer.pressing_since = now;
}

bool Worker::answer(const CallPlace& place, const Answer& answer, MonoTime now) {
  Offer& offer = offers_[place.slot];
  if (offer.sequence != place.sequence || !offer.waits || state_ != State::kReady) return false;
  if (!busy()) last_progress_ = now;
  stop_waiting(offer);
  offer.pressing_since = now;
  encode(channel_.out(), wire::Answer{answer.ok, answer.text}, place.slot, place.sequence);
  return true;
}

TicketPtr Worker::cancel(const Uuid& id, MonoTime now, bool* found) {
  for (const uint16_t slot : order_) {
    Offer& offer = offers_[slot];
    if (offer.ticket == nullptr || offer.ticket->job.id != id) continue;
    *found = true;
    if (!offer.began_at && page_->revoke(slot, offer.sequence)) return take_revoked(offer);
    tell_to_end(slot, Outcome::kCancelled, now);
    return nullptr;
  }
  return nullptr;
}

// It ends with a Result as usual, when the worker gets to it; or not any more, where that is dying:
// then its end is this all the same.
void Worker::tell_to_end(uint16_t slot, Outcome outcome, MonoTime now) {
  Offer& offer = offers_[slot];
  if (offer.told_to_end) return;
  if (!busy()) last_progress_ = now;  // until now it owed nothing
  offer.told_to_end = outcome;
  offer.told_at = now;
  hang_up(offer);
  if (state_ != State::kReady) return;
  encode(channel_.out(), wire::End{outcome}, slot, offer.sequence);
  channel_.flush();
}

void Worker::stop_waiting(Offer& offer) {
  waiting_ -= offer.waits ? 1 : 0;
  offer.waits = false;
}

void Worker::hang_up(Offer& offer) {
  if (!offer.waits) return;
  stop_waiting(offer);
  events_.worker_hung_up(offer.ticket->job);
}

uint32_t Worker::ensure_code(const Code& code) {
  if (const auto known = codes_.find(code.hash)) return *known;
  const uint32_t number = codes_.add(code.hash, code.bytecode.size());
  while (const auto evicted = codes_.evict()) encode(channel_.out(), wire::Unload{*evicted});
  encode(channel_.out(),
         wire::Load{number, std::string_view(code.chunk_name).substr(0, wire::kMaxNameBytes),
                    code.bytecode});
  return number;
}

bool Worker::keeps_back(MonoTime before) const {
  std::vector<const std::string*> begun;
  for (const uint16_t slot : order_) {
    const Offer& offer = offers_[slot];
    if (offer.ticket != nullptr && offer.begun_by()) {
      begun.push_back(&offer.ticket->job.action);
    } else if (offer.ticket != nullptr && offer.made_at < before && !begun.empty()) {
      const auto same = [&](const std::string* one) { return *one == offer.ticket->job.action; };
      if (std::none_of(begun.begin(), begun.end(), same)) return true;
    }
  }
  return false;
}

std::vector<TicketPtr> Worker::revoke(size_t most, MonoTime before) {
  std::vector<TicketPtr> taken_back;
  for (auto slot = order_.rbegin(); slot != order_.rend() && taken_back.size() < most; ++slot) {
    Offer& offer = offers_[*slot];
    if (offer.ticket == nullptr || offer.made_at >= before) continue;
    // One that has begun, and so have all before it.
    if (offer.began_at || !page_->revoke(*slot, offer.sequence)) break;
    taken_back.push_back(take_revoked(offer));
  }
  std::reverse(taken_back.begin(), taken_back.end());
  return taken_back;
}

TicketPtr Worker::take_revoked(Offer& offer) {
  offer.revoked = true;
  uncount_payload(offer);
  return std::move(offer.ticket);
}

// Once the worker has read it, or will not.
void Worker::uncount_payload(const Offer& offer) {
  const bool counted = offer.ticket->job.payload != nullptr && !offer.began_at;
  if (counted) offered_bytes_ -= offer.ticket->job.payload->size();
}

// --- what it says ---

size_t Worker::on_bytes(std::string_view bytes) {
  now_ = clock_.mono();
  wall_now_ = clock_.wall();
  size_t used = 0;
  wire::Frame frame;
  wire::Fault fault = nullptr;
  while (fault == nullptr &&
         wire::split(bytes.substr(used), &frame, &fault) == wire::Split::kFrame) {
    used += frame.total_bytes;
    fault = handle(frame);
    if (state_ == State::kGone) return bytes.size();
  }
  if (fault != nullptr) {
    how_ = std::string("broke the protocol (") + fault + ")";
    gone();
  }
  return used;
}

void Worker::on_end() {
  gone();
}

wire::Fault Worker::handle(const wire::Frame& frame) {
  switch (frame.type) {
    case wire::Type::kHello:
      return handle_hello(frame);
    case wire::Type::kResult:
      return handle_result(frame);
    case wire::Type::kSkipped:
      return handle_skipped(frame);
    case wire::Type::kCall:
      return handle_call(frame);
    default:
      return "the frame is not for the pool";
  }
}

wire::Fault Worker::handle_hello(const wire::Frame& frame) {
  if (was_ready_) return "it said hello twice";
  wire::Hello hello;
  if (wire::Fault fault = decode(frame, &hello)) return fault;
  lua_tag_ = hello.lua_tag;
  layers_ = std::move(hello.layers);
  layers_.insert(layers_.begin(), namespaces_layer());
  if (state_ != State::kStarting) return nullptr;  // killed meanwhile
  state_ = State::kReady;
  was_ready_ = events_.worker_ready(*this);
  return was_ready_ ? nullptr : "it has another Lua build";
}

Layer Worker::namespaces_layer() const {
  const std::string& why_not = child_.without_namespaces();
  if (!why_not.empty()) return {"namespaces", false, why_not};
  return {"namespaces", true, "users, network, mounts, IPC and processes of its own"};
}

wire::Fault Worker::handle_result(const wire::Frame& frame) {
  Offer* offer = outstanding_offer(frame);
  if (offer == nullptr || offer->revoked) return "a result for nothing outstanding";
  wire::RunResult result;
  if (wire::Fault fault = decode(frame, &result)) return fault;
  if (wire::Fault fault = result_check_.check(result)) return fault;
  if (result.outcome == Outcome::kCancelled && offer->told_to_end != Outcome::kCancelled)
    return "it cancelled what nobody wanted to be";
  if (offer->ticket == nullptr) {  // it comes too late
    forget(frame.slot);
    events_.worker_skipped(*this);
    return nullptr;
  }
  hang_up(*offer);

  Execution execution;
  Report& report = execution.report;
  report.outcome = result.outcome;
  report.result = result.result;
  report.message = result.message;
  report.traceback = result.traceback;
  report.logs = result.logs;
  const auto longest = std::chrono::ceil<Micros>(now_ - offer->made_at);
  const auto claimed = static_cast<int64_t>(std::min<uint64_t>(result.run_time_us, INT64_MAX));
  report.run_time = std::min(Micros(claimed), longest);
  const auto cpu = static_cast<int64_t>(std::min<uint64_t>(result.cpu_time_us, INT64_MAX));
  report.cpu_time =
      std::min(Micros(cpu), report.run_time);  // it counts a little of the framing, too
  report.memory_peak_bytes = result.memory_peak_bytes;
  execution.started_at = wall_now_ - std::chrono::floor<Millis>(report.run_time);

  uncount_payload(*offer);
  TicketPtr ticket = std::move(offer->ticket);
  forget(frame.slot);
  events_.worker_finished(*this, std::move(ticket), std::move(execution));
  return nullptr;
}

wire::Fault Worker::handle_skipped(const wire::Frame& frame) {
  const Offer* offer = outstanding_offer(frame);
  if (offer == nullptr || !offer->revoked) return "it skipped what was not revoked";
  wire::Skipped skipped;
  if (wire::Fault fault = decode(frame, &skipped)) return fault;
  forget(frame.slot);
  events_.worker_skipped(*this);
  return nullptr;
}

wire::Fault Worker::handle_call(const wire::Frame& frame) {
  Offer* const offer = outstanding_offer(frame);
  if (offer == nullptr || offer->revoked) return "a call of nothing outstanding";
  wire::Call call;
  if (wire::Fault fault = decode(frame, &call)) return fault;
  if (wire::Fault fault = result_check_.check(call)) return fault;
  if (offer->told_to_end) return nullptr;  // it will hear of that
  if (offer->waits) return "a call while another one waits";
  if (!offer->began_at) {
    uncount_payload(*offer);
    const auto claimed =
        static_cast<int64_t>(std::min<uint64_t>(call.running_us, INT64_MAX / 1'000));
    const MonoTime latest = std::max(offer->made_at, offer->seen_running_at.value_or(now_));
    offer->began_at = std::clamp(now_ - Micros(claimed), offer->made_at, latest);
  }
  offer->waits = true;
  ++waiting_;
  last_progress_ = now_;
  offer->ticket->called = true;
  events_.worker_called(offer->ticket->job, {number_, frame.slot, frame.sequence},
                        {call.plugin, call.action, call.payload, *offer->began_at});
  return nullptr;
}

Worker::Offer* Worker::outstanding_offer(const wire::Frame& frame) {
  Offer& offer = offers_[frame.slot];  // split() has checked the slot
  return frame.sequence == 0 || offer.sequence != frame.sequence ? nullptr : &offer;
}

void Worker::forget(uint16_t slot) {
  order_.erase(std::find(order_.begin(), order_.end(), slot));
  free_slots_.push_back(slot);
  offers_[slot] = Offer{};  // sequences begin at 1
  last_progress_ = now_;
  if (order_.empty()) reserved_ = false;
}

}  // namespace sluice::sandbox
