#include "store/mongo/reader.h"

#include <iterator>

#include "base/thread_name.h"

namespace sluice::mongo {
namespace {

constexpr size_t kMaxFinds = 200;  // of one command: each may have a body of a megabyte

}  // namespace

Reader::Reader(const Connector& connector, Link& link, const Answers& answers)
    : link_(link),
      session_(connector.pool(), connector.database()),
      answers_(answers),
      thread_([this] { run(); }) {}

Reader::~Reader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Reader::find(const Uuid& id, FindDone done) {
  if (of_this_turn_.empty()) answers_.at_turn_end([this] { hand_over(); });
  of_this_turn_.emplace_back(id, std::move(done));
}

void Reader::hand_over() {
  {
    const std::lock_guard lock(mutex_);
    std::move(of_this_turn_.begin(), of_this_turn_.end(), std::back_inserter(finds_));
  }
  changed_.notify_one();
  of_this_turn_.clear();
}

void Reader::ask(std::function<Status(Session&)> ask, std::function<void(Status)> done) {
  {
    const std::lock_guard lock(mutex_);
    questions_.push_back({std::move(ask), std::move(done)});
  }
  changed_.notify_one();
}

void Reader::run() {
  name_this_thread("mongo-read");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !finds_.empty() || !questions_.empty(); });
    if (stopping_) return;
    Finds finds;
    if (finds_.size() <= kMaxFinds) {
      finds.swap(finds_);
    } else {
      const auto end = finds_.begin() + kMaxFinds;
      finds.assign(std::make_move_iterator(finds_.begin()), std::make_move_iterator(end));
      finds_.erase(finds_.begin(), end);
    }
    std::deque<Question> questions = std::exchange(questions_, {});
    lock.unlock();
    if (!finds.empty()) answer_finds(std::move(finds));
    for (Question& question : questions)
      question.done(link_.soon([&] { return question.ask(session_); }));
    lock.lock();
  }
}

void Reader::answer_finds(Finds finds) {
  std::vector<Uuid> ids;
  for (const auto& [id, done] : finds) ids.push_back(id);
  std::unordered_map<Uuid, StoredInvocation> found;
  const Status read = link_.soon([&]() -> Status {
    constexpr Part kAll[] = {Part::kPayload, Part::kResult, Part::kLogs};
    auto records = read_records(session_, ids, kAll);
    if (!records.ok()) return records.error();
    found = *std::move(records);
    return {};
  });
  Answers::Pairs<Result<Invocation>> replies;
  replies.reserve(finds.size());
  for (auto& [id, done] : finds) {
    const auto stored = found.find(id);
    if (!read.ok())
      replies.emplace_back(std::move(done), read.error());
    else if (stored == found.end())
      replies.emplace_back(std::move(done), no_invocation("store.find", id));
    else
      replies.emplace_back(std::move(done), stored->second.record);
  }
  answers_.post_all(std::move(replies));
}

}  // namespace sluice::mongo
