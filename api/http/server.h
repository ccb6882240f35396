// Server: listens, keeps the connections, watches the time, stops gracefully.
#pragma once

#include <uv.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/handler.h"
#include "api/http/limits.h"
#include "api/http/peers.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/result.h"

namespace sluice::api {

class Connection;

struct ServerOptions {
  HttpLimits limits;
  size_t max_connections = 4096;         // one more is told 503 and closed
  size_t max_connections_per_ip = 0;     // one more is told 429 and closed; 0: no such limit
  size_t upload_bytes = 256 << 20;       // of bodies that are still coming in, of all connections
  std::chrono::milliseconds tick{1000};  // zero: none but who calls tick()
  // In ticks. They may end up to one late.
  uint32_t idle_seconds = 75;     // between requests
  uint32_t head_seconds = 10;     // from a request's first byte to the end of its headers
  uint32_t body_seconds = 60;     // from there to the end of its body
  uint32_t stall_seconds = 30;    // without a byte of the answer that the client took
  uint32_t answer_seconds = 300;  // for a client to take what has been answered
};

// Lives on one Loop, on its thread.
class Server {
 public:
  // All of them outlive the server, `handler` also its connections.
  Server(Loop& loop, const Clock& clock, RequestHandler& handler, ServerOptions options);
  ~Server();  // closes everything at once
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // `host` is an IPv4 or IPv6 address or a name that resolves to one; port 0 lets the system
  // choose. kUnavailable: the address is taken.
  Status listen(const std::string& host, int port);

  // Where it listens: "127.0.0.1:8080", "[::1]:8080"; empty before listen().
  const std::string& address() const { return address_; }
  int port() const { return port_; }

  // Accepts no more and closes idle connections; those with a request end after its answer, or at
  // close_all(). `done` comes once none is left.
  void drain(std::function<void()> done);
  void close_all();
  bool draining() const { return draining_; }

  size_t connection_count() const { return connections_.size(); }

  // A second has passed: ends what took too long. Called by the server's own timer.
  void tick();

 private:
  friend class Connection;

  static void on_connection(uv_stream_t* listener, int status);
  void accept();
  void remove(Connection& connection);
  void flush_later(Connection& connection);      // at the end of this turn
  void flush_next_turn(Connection& connection);  // when others have had theirs
  void flush_dirty();
  void set_date();

  Loop& loop_;
  const Clock& clock_;
  RequestHandler& handler_;
  const ServerOptions options_;

  uv_tcp_t* listener_ = nullptr;  // freed by its close callback
  std::string address_;
  int port_ = 0;
  Timer timer_;
  uint32_t now_ = 0;  // ticks since the start
  std::string date_;  // the Date header of this second
  bool draining_ = false;
  std::function<void()> drained_;

  std::vector<Connection*> connections_;
  size_t upload_bytes_ = 0;  // of bodies that are still coming in
  Peers peers_;
  std::vector<std::shared_ptr<ConnectionLink>> dirty_;
  std::vector<std::shared_ptr<ConnectionLink>> postponed_;
  Timer next_turn_;
  std::shared_ptr<Server*> self_;        // what posted tasks hold weakly
  std::unique_ptr<char[]> read_buffer_;  // shared: what is read is used before the next read
};

}  // namespace sluice::api
