// ScriptedServer: an HTTP server on 127.0.0.1 whose answers a test writes byte by byte.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::test {

// A request as it came.
struct Heard {
  std::string line;  // "GET /path HTTP/1.1"
  std::string head;  // everything up to the empty line
  std::string body;

  bool has(const std::string& text) const { return head.find(text) != head.npos; }
};

class ScriptedServer {
 public:
  // One connection, from inside of a script.
  class Peer {
   public:
    Peer(ScriptedServer& server, int fd) : server_(server), fd_(fd) {}
    bool send(const std::string& bytes);  // false: the other side has gone
    // Waits until the other side closes, or the server ends.
    void hang();
    void drip();                     // a byte now and then, until then
    void close() { open_ = false; }  // after the script
    bool open() const { return open_; }

   private:
    ScriptedServer& server_;
    const int fd_;
    bool open_ = true;
  };
  using Script = std::function<void(const Heard&, Peer&)>;

  // Runs `script` for each request, on a thread for each connection.
  explicit ScriptedServer(Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<Heard> heard() const;
  size_t connections() const { return connections_; }  // that ever came
  size_t open() const { return open_; }                // that are there now

 private:
  void accept_all();
  void serve(int fd);
  bool read(int fd, std::string& buffer, Heard& heard);

  const Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<size_t> connections_{0}, open_{0};
  mutable std::mutex mutex_;  // of these two
  std::vector<Heard> heard_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// "HTTP/1.1 200 OK" with its Content-Length; `headers`: lines with their ends.
std::string answer(int status, const std::string& body, const std::string& headers = "");
// A script that gives the same answer to everything.
ScriptedServer::Script always(const std::string& bytes);
ScriptedServer::Script redirect_to(const std::string& location, int status = 302);

}  // namespace sluice::test
