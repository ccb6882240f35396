// A real HTTP server on 127.0.0.1, small enough to misbehave on purpose.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sluice::cli::test {

class LoopbackServer {
 public:
  // Gets a request as it came over the wire; gives the bytes to send back, or nullopt never to
  // answer. Runs on the server's thread.
  using Answer = std::function<std::optional<std::string>(const std::string& request)>;

  explicit LoopbackServer(Answer answer);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> requests() const;
  int connections() const;

 private:
  void serve();
  void serve_connection(int fd);
  bool readable(int fd) const;  // false when the server is to stop

  const Answer answer_;
  int listener_ = -1;
  int stop_[2] = {-1, -1};  // a pipe: closing its write end stops the server
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;  // guarded by mutex_
  int connections_ = 0;                // guarded by mutex_
  std::thread thread_;
};

// "HTTP/1.1 STATUS …" with the headers and a Content-Length.
std::string http_answer(int status, const std::string& body, const std::string& headers = {});

// A port on which nobody listens: it was just given back.
std::string url_of_nobody();

}  // namespace sluice::cli::test
