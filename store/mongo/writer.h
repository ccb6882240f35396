// Writer: carries out what changes invocations and actions, in the order of the calls, on a thread
// of its own. What gathers while one command is on its way becomes the next.
//
// While the database is away, what must not be lost (claims and their ends) is tried again and
// again; the rest is refused at once, since somebody waits for the answer.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/answers.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/mongo/batches.h"
#include "store/mongo/link.h"

namespace sluice::mongo {

struct InsertCall {
  std::vector<SubmissionPtr> items;
  Done<std::vector<Inserted>> done;
};
struct ClaimCall {
  ClaimRequest request;
  Done<std::vector<Result<Delivery>>> done;
};
struct RenewCall {
  RenewRequest request;
  Done<std::vector<Renewed>> done;
};
struct FinishCall {
  std::vector<Finish> items;
  Done<std::vector<Status>> done;
};
struct CancelCall {
  std::vector<Uuid> ids;
  Done<std::vector<Status>> done;
};
struct OtherCall {
  std::function<Status(Session&)> run;  // may be run again after kUnavailable
  std::function<void(Status)> done;     // on the writer's thread
};
using Call = std::variant<InsertCall, ClaimCall, RenewCall, FinishCall, CancelCall, OtherCall>;

class Writer {
 public:
  // All of them outlive it.
  Writer(const Connector& connector, Link& link, std::function<Rules()> rules,
         const Answers& answers, Log& log);
  ~Writer();  // the link is closed before: what is being tried is given up

  void say(Call call);  // from any thread

 private:
  using Calls = std::vector<Call>;

  void run();
  Calls next();
  void carry_out(Calls calls);
  void insert(Calls& calls);
  void claim(Calls& calls);
  void renew(Calls& calls);
  void finish(Calls& calls);
  void cancel(Calls& calls);
  void other(OtherCall& call);

  Status soon(const std::function<Status()>& attempt);
  Status at_last(const std::function<Status()>& attempt, Millis patience);
  void refuse_waiting(const Error& error);
  void refuse(Call& call, const Error& error);

  Link& link_;
  Session session_;
  const std::function<Rules()> rules_;  // those in force
  const Answers& answers_;
  Log& log_;
  Held held_;
  std::minstd_rand random_{std::random_device{}()};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> calls_;  // guarded by mutex_
  bool stopping_ = false;   // likewise
  std::thread thread_;
};

}  // namespace sluice::mongo
