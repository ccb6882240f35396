// TcpProxy: a network between two programs that a test can spoil, on a thread of its own.
#pragma once

#include <atomic>
#include <memory>
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

 private:
  struct Connection;

  void run();
  void accept_one();
  bool forward(int from, int to, bool is_answer);

  const int target_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<Mode> mode_{Mode::kForward};
  std::atomic<bool> cut_{false}, half_close_{false}, stopping_{false};
  std::atomic<size_t> count_{0};
  std::vector<std::unique_ptr<Connection>> connections_;  // the thread's
  std::thread thread_;
};

}  // namespace sluice::test
