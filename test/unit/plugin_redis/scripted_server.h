// ScriptedServer: something on loopback, on a free port, that answers to a script instead of as
// Redis would. It lives on a thread of its own, which ends with it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>

namespace sluice::test {

class ScriptedServer {
 public:
  struct Act {
    std::string bytes;          // what is sent
    std::string for_ever = {};  // then this, again and again, until the other end has closed
    bool close = false;         // then
  };

  // `script` is asked for what to do about each piece that came in, and on which connection (1, 2,
  // …).
  explicit ScriptedServer(std::function<Act(int connection, const std::string& request)> script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return port_; }
  int connections() const { return connections_; }  // so far
  int requests() const { return requests_; }
  size_t sent() const { return sent_; }  // bytes

 private:
  void run();
  bool act(int fd, const Act& act);
  bool send_all(int fd, const std::string& bytes);

  const std::function<Act(int, const std::string&)> script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0}, requests_{0};
  std::atomic<size_t> sent_{0};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace sluice::test
