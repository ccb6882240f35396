// A worker that lies, as the pool sees it: garbage, frames that are right in form and wrong in
// meaning, right ones at the wrong time, and a control page that says anything.
//
// The input is a script of what the pool and the worker do. There is no process: the pool's
// sandbox::Worker gets the other end of a socket. Whatever happens, every job has exactly one end,
// and every call that is told of is answered or hung up, once.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <set>

#include "base/json_check.h"
#include "base/utf8.h"
#include "bytes.h"
#include "check.h"
#include "sandbox/pool/worker.h"

namespace sluice::fuzz {
namespace {

using namespace sandbox;

class Play final : private Worker::Events {
 public:
  explicit Play(Loop& loop) : loop_(loop) {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0,
          "no socket pair");
    liar_ = Fd(ends[1]);
    auto page = SharedPage::create();
    check(page.ok(), "no control page");
    page->close_fd();
    Worker::Options options;
    // Its constructor is private, and so is that of a child without a process: this file alone is
    // compiled without access control.
    worker_.reset(new Worker(loop, clock_, options, space(), *this,
                             ChildProcess(Spawned{}, Fd(ends[0])), std::move(*page)));
  }

  void run(Bytes script) {
    while (!script.empty() && !gone_) step(script);
    if (!gone_) {  // the worker ends, by itself
      liar_.reset();
      turn();
    }
    check(gone_, "a worker has ended, and the pool does not know");
    Worker::Remains remains = worker_->remains();
    if (remains.charged) ended(*remains.charged);
    for (const TicketPtr& ticket : remains.others) ended(*ticket);
    for (const Worker::Ended& told : remains.ended) ended(*told.ticket);
    check(given_.empty(), "a job was lost");
    check(calls_.empty(), "a call was neither answered nor hung up");
    worker_.reset();
    turn();
  }

 private:
  static ReadSpace& space() {
    static ReadSpace space;
    return space;
  }

  void turn() {
    // Arrivals are read a bounded number of times a turn.
    for (int i = 0; i < 4; ++i) uv_run(loop_.uv(), UV_RUN_NOWAIT);
  }

  void step(Bytes& script) {
    switch (script.byte() % 16) {
      case 0:
        return say(script.text());
      case 1:
        return say(std::string(script.text()), script.byte());
      case 2: {
        std::string out;
        wire::Hello hello;
        hello.lua_tag = script.text();
        for (int layers = script.byte() % 40; layers > 0; --layers) {
          const std::string name(script.text());
          const bool in_force = script.byte() & 1;
          hello.layers.push_back({name, in_force, std::string(script.text())});
        }
        encode(out, hello);
        return say(out);
      }
      case 3:
        return offer(script);
      case 4:
        return result(script);
      case 5: {
        std::string out;
        const auto [slot, sequence] = target(script);
        encode(out, wire::Skipped{}, slot, sequence);
        return say(out);
      }
      case 6: {  // of any type, for an offer that exists
        std::string out;
        const auto [slot, sequence] = target(script);
        encode(out, wire::Skipped{}, slot, sequence);
        const std::string_view body = script.text();
        const auto length = static_cast<uint32_t>(body.size());
        std::memcpy(out.data(), &length, sizeof length);
        out[5] = static_cast<char>(script.byte());
        return say(out + std::string(body));
      }
      case 7: {
        for (TicketPtr& ticket : worker_->revoke(script.byte() % 40, clock_.mono())) ended(*ticket);
        return;
      }
      case 8: {
        const auto [slot, sequence] = target(script);
        const bool exact = script.byte() & 1;
        worker_->page_->running =
            exact ? wire::ControlPage::offer_name(slot, sequence) : script.number<uint64_t>();
        worker_->page_->running_since_ns = script.number<int64_t>();
        return;
      }
      case 9: {
        auto& word = worker_->page_->slots[script.byte() % wire::kSlots];
        word = script.number<uint64_t>();
        return;
      }
      case 10: {
        clock_.advance(Millis(script.number<uint16_t>()));
        const Worker::Health health = worker_->check(clock_.mono());
        if (health != Worker::Health::kFine) worker_->kill(clock_.mono(), health, "was late");
        for (const Worker::Ended& told : worker_->take_overdue(clock_.mono())) {
          check(told.outcome == Outcome::kTimedOut || told.outcome == Outcome::kCancelled,
                "a job ends as nobody told it to");
          ended(*told.ticket);
        }
        if (worker_->overdue_to_die(clock_.mono())) worker_->give_up_waiting();
        return;
      }
      case 11:
        return turn();
      case 12:
        return call(script);
      case 13:
        return answer(script);
      case 14: {  // cancelled, by its id
        const auto [slot, sequence] = target(script);
        Uuid id{};
        std::memcpy(id.bytes.data(), &sequence, sizeof sequence);
        bool found = false;
        if (TicketPtr ticket = worker_->cancel(id, clock_.mono(), &found)) {
          check(found, "a job that is not there is taken back");
          ended(*ticket);
        }
        return;
      }
      case 15: {  // all that is outstanding calls at once
        const std::vector<uint16_t> all = worker_->order_;
        std::string out;
        for (const uint16_t slot : all)
          encode(out, wire::Call{script.byte(), "p", "a", "{}"}, slot,
                 worker_->offers_[slot].sequence);
        return say(out);
      }
    }
  }

  // Says it in one piece, or in pieces of `size`.
  void say(std::string_view bytes, size_t size = SIZE_MAX) {
    size = std::max<size_t>(size, 1);
    while (!bytes.empty() && !gone_) {
      const std::string_view piece = bytes.substr(0, size);
      bytes.remove_prefix(piece.size());
      if (send(liar_.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
      turn();
    }
    check(worker_->channel_.partial_.size() < (4 << 20),
          "what is not a frame yet is kept for ever");
  }

  void offer(Bytes& script) {
    if (!worker_->ready() || worker_->full()) return;
    static const auto code =
        std::make_shared<const sandbox::Code>(sandbox::Code{Sha256{}, "a.lua", "bytecode"});
    const uint8_t how = script.byte();
    auto ticket = std::make_unique<Ticket>();
    ticket->job.ns = "default";
    ticket->job.action = "a";
    ticket->job.code = code;
    if (how & 1) ticket->job.payload = std::make_shared<const std::string>(script.text());
    ticket->job.timeout = Millis(script.number<uint16_t>());
    ticket->job.memory_bytes = 1 << 20;
    ticket->job.alone = (how & 2) != 0;
    const uint64_t sequence = worker_->last_sequence_ + 1;
    std::memcpy(ticket->job.id.bytes.data(), &sequence, sizeof sequence);
    given_.insert(ticket.get());
    worker_->offer(std::move(ticket), clock_.mono());
    if (how & 4) {
      worker_->flush();
      char read[64 << 10];
      while (recv(liar_.get(), read, sizeof read, MSG_DONTWAIT) > 0) {
      }
    }
  }

  void result(Bytes& script) {
    const auto [slot, sequence] = target(script);
    wire::RunResult said;
    said.outcome = static_cast<Outcome>(script.byte());
    said.run_time_us = script.number<uint64_t>();
    said.cpu_time_us = script.number<uint64_t>();
    said.memory_peak_bytes = script.number<uint64_t>();
    said.result = script.text();
    said.message = script.text();
    said.traceback = script.text();
    // Beyond the bound, now and then.
    const std::string logs(static_cast<size_t>(script.byte()) * 300, 'l');
    said.logs = logs;
    std::string out;
    encode(out, said, slot, sequence);
    say(out);
  }

  void call(Bytes& script) {
    const auto [slot, sequence] = target(script);
    wire::Call said;
    said.running_us = script.number<uint64_t>();
    said.plugin = script.text();
    said.action = script.text();
    // JSON, mostly.
    const std::string payload = script.byte() & 3
                                    ? '"' + std::string(script.byte() * 5'000u, 'p') + '"'
                                    : std::string(script.text());
    said.payload = payload;
    std::string out;
    encode(out, said, slot, sequence);
    say(out);
  }

  // To a call that waits, mostly; else to some place, as a plugin that answers late does.
  void answer(Bytes& script) {
    CallPlace place;
    const uint8_t which = script.byte();
    const bool waits = which < 0xc0 && !calls_.empty();
    if (waits) {
      place = std::next(calls_.begin(), static_cast<long>(which % calls_.size()))->second;
    } else {
      place.slot = script.byte() % wire::kSlots;
      place.sequence = script.byte();
    }
    const Answer text{(which & 1) != 0, std::string(script.byte() * 4'000u, '7')};
    Worker::Offer& offer = worker_->offers_[place.slot];
    const Job* const job = offer.ticket != nullptr ? &offer.ticket->job : nullptr;
    const bool waited = job != nullptr && calls_.contains(job) && offer.sequence == place.sequence;
    const bool taken = worker_->answer(place, text, clock_.mono());
    check(!taken || waited, "an answer is taken that nobody waits for");
    if (taken) calls_.erase(job);
  }

  // An offer that exists, mostly; else some slot and sequence.
  std::pair<uint16_t, uint64_t> target(Bytes& script) {
    const uint8_t which = script.byte();
    if (which < 0xf0 && !worker_->order_.empty()) {
      const uint16_t slot = worker_->order_[which % worker_->order_.size()];
      return {slot, worker_->offers_[slot].sequence};
    }
    return {script.number<uint16_t>(), script.byte()};
  }

  void ended(const Ticket& ticket) {
    check(!calls_.contains(&ticket.job), "a job ends, and its call goes on");
    check(given_.erase(&ticket) == 1, "a job ends that was not given, or ends twice");
  }

  bool worker_ready(Worker&) override { return !gone_; }
  void worker_finished(Worker&, TicketPtr ticket, Execution execution) override {
    check(!gone_, "a result after the end");
    ended(*ticket);
    const Report& report = execution.report;
    check(execution.fate == Execution::Fate::kFinished, "a result is not the end of a job");
    check(report.result.size() <= kMaxResultBytes && report.message.size() <= kMaxMessageBytes &&
              report.traceback.size() <= kMaxTracebackBytes &&
              report.logs.size() <= kMaxLogBytes + wire::kLogMarkBytes,
          "a report is larger than it may be");
    check(outcome_from_code(err_code(report.outcome)).has_value(),
          "an outcome that does not exist");
    check(report.outcome != Outcome::kSucceeded || json_.check(report.result).ok(),
          "a result that is not JSON");
    check(report.run_time >= Micros(0) && report.cpu_time >= Micros(0) &&
              execution.started_at >= WallTime(Millis(0)),
          "a time that cannot be");
  }
  void worker_skipped(Worker&) override { check(!gone_, "a word after the end"); }
  void worker_called(const Job& job, const CallPlace& place, const Call& call) override {
    check(!gone_, "a call after the end");
    check(place.slot < wire::kSlots, "a call from no slot");
    check(json_.check(call.payload).ok() && call.payload.size() <= kMaxCallBytes,
          "a call's payload is no JSON, or too long");
    check(is_utf8(call.plugin) && is_utf8(call.action) &&
              call.plugin.size() <= wire::kMaxPluginNameBytes &&
              call.action.size() <= wire::kMaxPluginNameBytes,
          "a call's names are no names");
    check(calls_.emplace(&job, place).second, "a job calls while it waits");
    check(worker_->pressing() + calls_.size() == worker_->outstanding(),
          "the worker miscounts those that wait");
  }
  void worker_hung_up(const Job& job) override {
    check(calls_.erase(&job) == 1, "a call is hung up that is none");
  }
  void worker_gone(Worker&) override {
    check(!gone_, "it ends twice");
    gone_ = true;
  }

  Loop& loop_;
  ManualClock clock_;
  Fd liar_;
  static inline JsonChecker json_;
  std::unique_ptr<Worker> worker_;
  std::set<const Ticket*> given_;
  std::map<const Job*, CallPlace> calls_;  // that wait
  bool gone_ = false;
};

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static sluice::Loop loop;
  sluice::fuzz::Play(loop).run({data, size});
  return 0;
}
