#include "queue/redis/steps.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::redis {
namespace {

constexpr size_t kMaxItems = 1'000;  // of one script call: Redis does nothing else meanwhile
constexpr size_t kNews = 2;          // its place among the words of a settle step

void answer_pushes(Step& step, const Result<ReplyPtr>& reply) {
  std::vector<Status> all(step.items);
  if (!reply.ok() || is_error(**reply)) {
    const Error error = reply.ok() ? Error{Code::kUnavailable, "queue.push",
                                           "Redis says: " + std::string(text_of(**reply))}
                                   : reply.error();
    std::fill(all.begin(), all.end(), Status(error));
  } else {
    for (size_t i = 0; i < (*reply)->elements; ++i) {
      const auto refused = static_cast<size_t>(integer_of(*(*reply)->element[i]));
      if (refused >= 1 && refused <= all.size())
        all[refused - 1] = Error{Code::kFull, "queue.push", "the queue is full"};
    }
  }
  auto at = all.begin();
  for (auto& [count, done] : step.pushes) {
    const auto end = at + static_cast<std::ptrdiff_t>(count);
    if (done) done(std::vector<Status>(at, end));
    at = end;
  }
}

}  // namespace

Steps::Steps(const Scripts& scripts, const Keys& keys, size_t capacity)
    : scripts_(scripts), keys_(keys), capacity_(capacity) {}

// The last step, when it is alike and has room for `items` more; else a new one.
Step& Steps::step_for(Step::Kind kind, const std::string& runner, size_t items) {
  if (!steps_.empty()) {
    Step& last = steps_.back();
    if (last.kind == kind && last.runner == runner && last.items + items <= kMaxItems) return last;
  }
  Step step;
  step.kind = kind;
  step.runner = runner;
  switch (kind) {
    case Step::Kind::kPush:
      step.command = script_command(scripts_.push);
      step.command.words.push_back(std::to_string(capacity_));
      break;
    case Step::Kind::kSettle:
      step.command = script_command(scripts_.settle);
      step.command.words.push_back(runner);
      step.command.words.emplace_back();  // no news
      break;
    case Step::Kind::kGiveBack:
      step.command = script_command(scripts_.give_back);
      step.command.words.push_back(runner);
      break;
    case Step::Kind::kAsk:
      break;
  }
  return steps_.emplace_back(std::move(step));
}

void Steps::push(std::vector<Entry> entries, PushDone done) {
  // A batch that is too large for one step is answered by its last one.
  auto statuses = std::make_shared<std::vector<Status>>();
  for (size_t begin = 0; begin < entries.size() || begin == 0; begin += kMaxItems) {
    const size_t end = std::min(entries.size(), begin + kMaxItems);
    Step& step = step_for(Step::Kind::kPush, "", end - begin);
    for (size_t i = begin; i < end; ++i) {
      step.command.words.push_back(bytes_of(entries[i].id));
      step.command.words.push_back(lane_name(entries[i].lane));
    }
    step.items += end - begin;
    const bool last = end == entries.size();
    step.pushes.emplace_back(end - begin, [statuses, last, done](std::vector<Status> some) {
      statuses->insert(statuses->end(), some.begin(), some.end());
      if (last && done) done(std::move(*statuses));
    });
  }
  entries_ += entries.size();
}

void Steps::settle(const std::string& runner, const std::vector<Uuid>& ids,
                   std::function<void()> heard) {
  release(Step::Kind::kSettle, runner, ids, std::move(heard));
}

void Steps::give_back(const std::string& runner, const std::vector<Uuid>& ids,
                      std::function<void()> heard) {
  release(Step::Kind::kGiveBack, runner, ids, std::move(heard));
}

void Steps::release(Step::Kind kind, const std::string& runner, const std::vector<Uuid>& ids,
                    std::function<void()> heard) {
  if (ids.empty()) return;
  for (const Uuid& id : ids) {
    Step& step = step_for(kind, runner, 1);
    step.command.words.push_back(bytes_of(id));
    ++step.items;
  }
  if (heard) steps_.back().heard.push_back(std::move(heard));
}

void Steps::announce(const std::vector<Uuid>& ids) {
  if (ids.empty()) return;
  std::string news;
  for (const Uuid& id : ids) news += bytes_of(id);
  const bool rides_along = !steps_.empty() && steps_.back().kind == Step::Kind::kSettle;
  if (rides_along) {
    std::string& present = steps_.back().command.words[kNews];
    if (present.empty()) present += kAnnouncementVersion;
    present += news;
    return;
  }
  ask({nullptr, {"PUBLISH", keys_.ended(), kAnnouncementVersion + news}}, nullptr);
}

void Steps::ask(Command command, ReplyDone done) {
  Step step;
  step.command = std::move(command);
  step.done = std::move(done);
  steps_.push_back(std::move(step));
}

std::deque<Step> Steps::take() {
  entries_ = 0;
  return std::exchange(steps_, {});
}

void Steps::fail(std::deque<Step> said, const Error& error) {
  std::deque<Step> waiting = take();
  std::move(waiting.begin(), waiting.end(), std::back_inserter(said));
  for (Step& step : said) {
    const bool kept = step.kind == Step::Kind::kSettle || step.kind == Step::Kind::kGiveBack;
    if (kept)
      steps_.push_back(std::move(step));
    else
      answer(step, error);
  }
}

void answer(Step& step, Result<ReplyPtr> reply) {
  if (step.kind == Step::Kind::kPush) return answer_pushes(step, reply);
  for (const auto& heard : step.heard) heard();
  if (step.done) step.done(std::move(reply));
}

std::vector<Uuid> ids_of(const redisReply& reply) {
  std::vector<Uuid> ids;
  if (!is_array(reply)) return ids;
  ids.reserve(reply.elements);
  for (size_t i = 0; i < reply.elements; ++i) {
    const std::string_view text = text_of(*reply.element[i]);
    Uuid id;
    if (text.size() != id.bytes.size()) continue;
    std::memcpy(id.bytes.data(), text.data(), text.size());
    ids.push_back(id);
  }
  return ids;
}

}  // namespace sluice::redis
