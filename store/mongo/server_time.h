// ServerTime: what time it is at the database. Due times, leases and expiry are decided by it
// alone, so that machines whose clocks differ agree.
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"
#include "store/mongo/bson.h"

namespace sluice::mongo {

class ServerTime {
 public:
  virtual ~ServerTime() = default;

  // Never ahead of the server's clock, and behind it by no more than an answer takes: nothing is
  // due, and no lease is over, before its time. From any thread.
  virtual WallTime now() const = 0;

  // Lets the update set the field `path` to the time at which it is carried out.
  virtual void stamp(const char* path, Bson& set, Bson& current_date) const = 0;

  // The server said that it was `server` now.
  virtual void heard(WallTime server) = 0;
};

// Counts on from what the server last said, by this machine's steady clock.
class AskedServerTime final : public ServerTime {
 public:
  WallTime now() const override { return WallTime(steady_ms() + Millis(offset_ms_)); }
  void stamp(const char* path, Bson&, Bson& current_date) const override {
    current_date.flag(path, true);
  }
  void heard(WallTime server) override {
    offset_ms_ = (server.time_since_epoch() - steady_ms()).count();
  }

 private:
  static Millis steady_ms() {
    return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch());
  }

  std::atomic<int64_t> offset_ms_{0};
};

// A clock that a test drives. The server's own is not asked.
class GivenServerTime final : public ServerTime {
 public:
  explicit GivenServerTime(const Clock& clock) : clock_(clock) {}
  WallTime now() const override { return clock_.wall(); }
  void stamp(const char* path, Bson& set, Bson&) const override { set.time(path, now()); }
  void heard(WallTime) override {}

 private:
  const Clock& clock_;
};

}  // namespace sluice::mongo
