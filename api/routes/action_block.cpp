// POST /actions/:name/block: asks for a run and waits for its result.
//
// The answer leaves as soon as the result is there; its record follows with the next commit. Where
// the client asked to wait for the disk (?durable=1, an Idempotency-Key, or the server's setting)
// it leaves when the record is durable.
#include "api/steps.h"

namespace sluice::api {
namespace {

using Phase = Announcement::Phase;

// Two things happen, in whatever order: the store says that the submission is recorded, and the
// queue that it has ended.
class Blocking : public std::enable_shared_from_this<Blocking> {
 public:
  Blocking(Services& services, Responder responder)
      : services_(services), responder_(std::move(responder)) {}

  void start(const Action& action, RunRequest run) {
    const bool durable = run.durable || run.key || services_.options.block_durable;
    // A key's first answer decides whether the job is queued at all, so it cannot linger. Without
    // one, the insert waits for the result to share its write: Waiters hurries both once the result
    // is there.
    const Urgency urgency = run.key ? Urgency::kNow : Urgency::kLinger;
    const std::optional<Millis> asked = run.wait;
    SubmissionPtr submission = make_submission(services_, action, std::move(run));
    id_ = submission->id;
    const Millis wait = asked.value_or(submission->limits.timeout + services_.options.block_extra);
    deadline_ = services_.clock.mono() + wait;

    const auto ticket =
        services_.waiters.add(id_, durable ? Phase::kDurable : Phase::kResult, wait,
                              [self = shared_from_this()](Word word) { self->on_word(word); });
    if (!ticket.ok()) return responder_.fail(ticket.error());
    ticket_ = *ticket;
    services_.submitter.submit(
        std::move(submission), urgency,
        [self = shared_from_this()](const Inserted& inserted) { self->on_inserted(inserted); });
  }

 private:
  void on_word(const Word& word) {
    ticket_ = 0;
    if (word.report) return answer(outcome_reply(id_, word.report->outcome, word.report.get()));
    if (word.kind == Word::Kind::kEnded) return await(Millis(0));
    wait_over_ = true;
    if (recorded_) return answer_accepted(State::kQueued);
    services_.store.hurry({id_});  // the 202 must not leave before the record is durable
  }

  void on_inserted(const Inserted& inserted) {
    if (!responder_) return;  // the result was quicker
    if (!inserted.status.ok()) {
      forget_waiter();
      return answer(error_reply(responder_.shape(), inserted.status.error()));
    }
    recorded_ = true;
    if (inserted.deduplicated) return join(inserted.id);
    if (wait_over_) answer_accepted(State::kQueued);
  }

  // An earlier invocation with the same key answers for this request.
  void join(const Uuid& earlier) {
    forget_waiter();
    id_ = earlier;
    const auto left = std::chrono::ceil<Millis>(deadline_ - services_.clock.mono());
    await(wait_over_ ? Millis(0) : std::max(Millis(0), left));
  }

  void await(Millis wait) {
    await_end(services_, id_, wait, [self = shared_from_this()](const Result<Standing>& standing) {
      self->on_standing(standing);
    });
  }

  void on_standing(const Result<Standing>& standing) {
    if (!standing.ok()) return answer(error_reply(responder_.shape(), standing.error()));
    if (!is_finished(standing->state)) return answer_accepted(standing->state);
    answer(outcome_reply(id_, standing->outcome, standing->report.get()));
  }

  void answer_accepted(State state) {
    const std::string id = id_.text();
    Reply reply = json_reply(202, "{\"InvocationId\":\"" + id + "\",\"state\":\"" +
                                      std::string(to_string(state)) + "\"}");
    answer(std::move(reply.with("Location", "/invocations/" + id)));
  }

  void answer(Reply reply) { responder_.answer(reply.with("X-Invocation-Id", id_.text())); }

  void forget_waiter() {
    if (ticket_ != 0) services_.waiters.remove(id_, std::exchange(ticket_, 0));
  }

  Services& services_;
  Responder responder_;
  Uuid id_;
  Waiters::Ticket ticket_ = 0;
  MonoTime deadline_{};
  bool recorded_ = false;  // durably
  bool wait_over_ = false;
};

}  // namespace

Route make_route_action_block(Services& services) {
  return {Method::kPost, "/actions/:name/block", Role::kInvoke, ErrorShape::kText,
          [&services](Request& request, Responder responder) {
            Result<RunRequest> run = read_run(services, request);
            if (!run.ok()) return responder.fail(run.error());
            services.catalog.find(request.param(),
                                  [&services, responder = std::move(responder),
                                   run = *std::move(run)](const Result<ActionPtr>& action) mutable {
                                    if (!action.ok()) return responder.fail(action.error());
                                    std::make_shared<Blocking>(services, std::move(responder))
                                        ->start(**action, std::move(run));
                                  });
          }};
}

}  // namespace sluice::api
