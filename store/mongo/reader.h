// Reader: answers questions, on a thread of its own. Those for single invocations that wait
// together become one.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/answers.h"
#include "store/mongo/batches.h"
#include "store/mongo/link.h"

namespace sluice::mongo {

class Reader {
 public:
  using FindDone = Done<Result<Invocation>>;

  // All of them outlive it.
  Reader(const Connector& connector, Link& link, const Answers& answers);
  ~Reader();

  // On the executor's thread. What is asked for within one turn is one question.
  void find(const Uuid& id, FindDone done);
  // From any thread. `ask` runs on the reader's thread, once more when it failed soon; then `done`,
  // likewise.
  void ask(std::function<Status(Session&)> ask, std::function<void(Status)> done);

 private:
  struct Question {
    std::function<Status(Session&)> ask;
    std::function<void(Status)> done;
  };
  using Finds = std::vector<std::pair<Uuid, FindDone>>;

  void hand_over();
  void run();
  void answer_finds(Finds finds);

  Link& link_;
  Session session_;
  const Answers& answers_;
  Finds of_this_turn_;  // the executor's thread alone

  std::mutex mutex_;
  std::condition_variable changed_;
  Finds finds_;  // guarded by mutex_, as is what follows
  std::deque<Question> questions_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::mongo
