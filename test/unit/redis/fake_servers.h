// Servers that misbehave, on loopback and a free port, each on a thread of its own that ends with
// its object.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::test {

// A socket that listens on 127.0.0.1.
class Listening {
 public:
  Listening();
  ~Listening();
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  int fd() const { return fd_; }
  int port() const { return port_; }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_ = -1;
  int port_ = 0;
};

// Accepts connections and never says a word: the kernel does it for one that only listens.
using BlackHole = Listening;

// A node of a cluster that holds nothing itself: it greets, and sends whoever runs a script to
// `port`.
class MovedServer {
 public:
  explicit MovedServer(int port = 0);
  ~MovedServer();
  std::string url() const { return listening_.url(); }
  int port() const { return listening_.port(); }
  void send_to(int port) { target_ = port; }
  int redirected() const { return redirected_; }

 private:
  void run();
  std::string answer(const std::vector<std::string>& command);

  std::atomic<int> target_;
  Listening listening_;
  std::atomic<int> redirected_{0};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

// Passes everything on to a Redis at `port`, until it is told to lose an answer.
class LosingProxy {
 public:
  explicit LosingProxy(int port);
  ~LosingProxy();
  std::string url() const { return listening_.url(); }

  // The next request that holds `text` is passed on and carried out; then its connection is cut in
  // place of the answer.
  void lose_answer_to(std::string text);
  int lost() const { return lost_; }

 private:
  struct Pair;
  void run();
  bool pass_request(Pair& pair);
  bool pass_answer(Pair& pair);

  const int target_;
  Listening listening_;
  std::mutex mutex_;
  std::string lose_;  // guarded by mutex_
  std::atomic<int> lost_{0};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace sluice::test
