// Link: whether the database is there. A thread of its own asks it once a second, and oftener while
// it is away; whoever meets a failure says so, and nobody tries in vain until it has answered
// again.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "store/mongo/connect.h"
#include "store/mongo/server_time.h"
#include "store/mongo/session.h"

namespace sluice::mongo {

class Link {
 public:
  // `prepare` makes a database that has just been reached fit for use: its indexes, its version.
  // All outlive the link.
  Link(const Connector& connector, ServerTime& time, Log& log,
       std::function<Status(Session&)> prepare);
  ~Link();

  // Starts the thread, and waits until the database was reached or could not be.
  void start();

  // The reason when it is away. From any thread, as is what follows.
  Status ready() const;

  // Carries out what somebody waits for: not at all while the database is away, a second time when
  // it failed at once, since the connection may have been stale. Blocks for as long as `attempt`
  // does.
  Status soon(const std::function<Status()>& attempt);

  // A call has failed so.
  void failed(const Error& error);

  // Waits until it is there. False when the link is being closed, or `limit` is over.
  bool wait_until_there(Millis limit);

  // Ends all waiting, for good.
  void close();
  bool closed() const;

 private:
  void run();
  Status ask(Session& session);
  void note(const Status& status);

  const Connector& connector_;
  ServerTime& time_;
  Log& log_;
  const std::function<Status(Session&)> prepare_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<Error> away_;  // guarded by mutex_, as is what follows
  bool tried_ = false;
  bool prepared_ = false;  // since it was last away
  bool closed_ = false;

  std::minstd_rand random_{std::random_device{}()};
  std::thread thread_;
};

}  // namespace sluice::mongo
