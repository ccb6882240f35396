// Connection: one connection to Redis, used by one thread, which may block on it for a bounded
// time.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "queue/redis/handles.h"
#include "queue/redis/redis_url.h"
#include "queue/redis/scripts.h"

namespace sluice::redis {

// One command as it is sent. `script`: EVALSHA with what follows as KEYS and ARGV.
struct Command {
  const Script* script = nullptr;
  std::vector<std::string>
      words;  // without a script: the command and its arguments; with one: KEYS[1], ARGV…
};

struct ConnectionOptions {
  Address address;
  Millis timeout{1'500};  // for connecting, and for the answer to what does not wait
};

class Connection {
 public:
  // `scripts` and `metrics` outlive it. Nothing is connected yet.
  Connection(ConnectionOptions options, const Scripts& scripts, Metrics& metrics);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Connects, authenticates, selects the database, loads the scripts. kInvalid: Redis says that it
  // cannot be used so (a wrong password, a maxmemory-policy that would drop jobs); kUnavailable:
  // anything that may pass.
  Status connect();
  void close() { context_.reset(); }
  bool connected() const { return context_ != nullptr; }
  MonoTime since() const { return since_; }  // of the connection

  // Sends all, then reads the answers, `wait` longer than the time-out for a command that waits
  // itself. An error means that the connection is closed, and that it is not known which commands
  // were carried out; so do answers to scripts that say that this Redis cannot serve now (it became
  // a replica, its disk is full). Other errors of single commands are answers: see is_error().
  Result<std::vector<ReplyPtr>> call(const std::vector<Command>& commands, Millis wait = Millis(0));
  Result<ReplyPtr> call_one(Command command, Millis wait = Millis(0));

  // For subscriptions: sends without reading; reads what comes within `wait`, null when nothing
  // does.
  Status send(const Command& command);
  Result<ReplyPtr> read(Millis wait);

  // From any thread: ends what waits now, and everything later, with kUnavailable.
  void interrupt();

 private:
  Status open();
  Status greet();
  Status check_policy();
  Status load_scripts();
  void append(const Command& command);
  Status flush();
  Result<ReplyPtr> read_until(MonoTime deadline);
  Error lost(const std::string& why);
  bool note_redirection(const redisReply& reply);

  const ConnectionOptions options_;
  const Scripts& scripts_;
  Metrics& metrics_;
  std::map<std::string, Counter*> counters_;  // of commands sent, by name
  std::map<const Script*, std::string> sha1_;
  ContextPtr context_;
  MonoTime since_{};
  Address address_;       // where it connects: another one after MOVED
  int redirections_ = 0;  // since the address was that of the options
  int interrupt_fd_;      // an eventfd
};

}  // namespace sluice::redis
