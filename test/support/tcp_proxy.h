// TcpProxy: a network between two programs that a test can spoil, on a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::test {

class TcpProxy {
 public:
  // Listens on 127.0.0.1, on a free port, and connects to `port` there.
  explicit TcpProxy(int port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }

  enum class Mode {
    kForward,
    kDrop,         // what is sent either way vanishes; connections seem to live
    kDropAnswers,  // requests arrive, their answers do not
    kDelay,        // each piece comes 20 ms later
  };
  void set(Mode mode) { mode_ = mode; }

  void cut();         // resets all connections there are
  void half_close();  // ends the direction from the server in all connections there are

  size_t connections() const { return count_; }

  // Keeps what clients send from now on, for those who want to see it: a text for each connection
  // that is made.
  void record() { recording_ = true; }
  std::vector<std::string> recorded() const;

 private:
  struct Connection;

  void run();
  void accept_one();
  bool forward(int from, int to, bool is_answer, size_t connection);

  const int target_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<Mode> mode_{Mode::kForward};
  std::atomic<bool> cut_{false}, half_close_{false}, stopping_{false}, recording_{false};
  std::atomic<size_t> count_{0};
  std::vector<std::unique_ptr<Connection>> connections_;  // the thread's
  mutable std::mutex mutex_;
  std::vector<std::string> recorded_;  // one for each that was ever made
  std::thread thread_;
};

}  // namespace sluice::test
