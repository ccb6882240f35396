// Steps: what is to be said to Redis, in its order. What follows each other and is alike becomes
// one command.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "queue/queue.h"
#include "queue/redis/connection.h"
#include "queue/redis/keys.h"
#include "queue/redis/scripts.h"

namespace sluice::redis {

using PushDone = std::function<void(std::vector<Status>)>;
using ReplyDone = std::function<void(Result<ReplyPtr>)>;

struct Step {
  enum class Kind { kPush, kSettle, kGiveBack, kAsk };
  Kind kind = Kind::kAsk;
  std::string runner;  // kSettle, kGiveBack
  Command command;
  size_t items = 0;  // entries or ids
  std::vector<std::pair<size_t, PushDone>>
      pushes;                                // kPush: how many entries of the step, and whose
  ReplyDone done;                            // kAsk; may be empty
  std::vector<std::function<void()>> heard;  // kSettle, kGiveBack
};

// Not safe from several threads. Callbacks come where a step is answered, and must not come back
// here.
class Steps {
 public:
  Steps(const Scripts& scripts, const Keys& keys, size_t capacity);

  void push(std::vector<Entry> entries, PushDone done);
  // `heard`, of settle and give_back: when Redis has carried out all of it; may be empty.
  void settle(const std::string& runner, const std::vector<Uuid>& ids,
              std::function<void()> heard = nullptr);
  void announce(const std::vector<Uuid>& ids);
  void give_back(const std::string& runner, const std::vector<Uuid>& ids,
                 std::function<void()> heard = nullptr);
  void ask(Command command, ReplyDone done);

  bool empty() const { return steps_.empty(); }
  size_t entries() const { return entries_; }  // to be pushed

  std::deque<Step> take();

  // Redis is away: `said` was not heard, as far as is known. What only a runner can say (that it is
  // done with ids) comes first again; the rest, and what else is not so, is answered with `error`.
  void fail(std::deque<Step> said, const Error& error);

 private:
  void release(Step::Kind kind, const std::string& runner, const std::vector<Uuid>& ids,
               std::function<void()> heard);
  Step& step_for(Step::Kind kind, const std::string& runner, size_t items);
  Command script_command(const Script& script) const { return {&script, {keys_.base()}}; }

  const Scripts& scripts_;
  const Keys& keys_;
  const size_t capacity_;
  size_t entries_ = 0;
  std::deque<Step> steps_;
};

void answer(Step& step, Result<ReplyPtr> reply);

inline std::string bytes_of(const Uuid& id) {
  return std::string(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
}
std::vector<Uuid> ids_of(const redisReply& reply);  // of an array; what is no id is left out

}  // namespace sluice::redis
