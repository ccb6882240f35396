#include "api/http/server.h"

#include <cstring>
#include <ctime>

#include "api/http/connection.h"

namespace sluice::api {
namespace {

constexpr size_t kReadBuffer = 64 << 10;
constexpr int kBacklog = 1024;

Error cannot_listen(const std::string& host, int port, int error) {
  const bool input = error == UV_EINVAL || error == UV_EAI_NONAME || error == UV_EADDRNOTAVAIL;
  return {input ? Code::kInvalid : Code::kUnavailable, "listen",
          "cannot listen on " + host + ":" + std::to_string(port) + ": " + uv_strerror(error)};
}

// A literal address, or the first one that a name has.
int resolve(uv_loop_t* loop, std::string host, int port, sockaddr_storage& address) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  if (uv_ip4_addr(host.c_str(), port, reinterpret_cast<sockaddr_in*>(&address)) == 0) return 0;
  if (uv_ip6_addr(host.c_str(), port, reinterpret_cast<sockaddr_in6*>(&address)) == 0) return 0;
  uv_getaddrinfo_t request{};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  const int error =
      uv_getaddrinfo(loop, &request, nullptr, host.c_str(), std::to_string(port).c_str(), &hints);
  if (error != 0) return error;
  std::memcpy(&address, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
  uv_freeaddrinfo(request.addrinfo);
  return 0;
}

}  // namespace

Server::Server(Loop& loop, const Clock& clock, RequestHandler& handler, ServerOptions options)
    : loop_(loop),
      clock_(clock),
      handler_(handler),
      options_(options),
      timer_(loop),
      peers_(options.max_connections_per_ip),
      next_turn_(loop),
      self_(std::make_shared<Server*>(this)),
      read_buffer_(std::make_unique<char[]>(kReadBuffer)) {
  set_date();
}

Server::~Server() {
  drained_ = nullptr;
  drain(nullptr);
  close_all();
}

Status Server::listen(const std::string& host, int port) {
  sockaddr_storage address{};
  if (port < 0 || port > 65535) return cannot_listen(host, port, UV_EINVAL);
  if (int error = resolve(loop_.uv(), host, port, address); error != 0)
    return cannot_listen(host, port, error);

  listener_ = new uv_tcp_t;
  uv_tcp_init(loop_.uv(), listener_);
  listener_->data = this;
  int error = uv_tcp_bind(listener_, reinterpret_cast<const sockaddr*>(&address), 0);
  if (error == 0)
    error = uv_listen(reinterpret_cast<uv_stream_t*>(listener_), kBacklog, on_connection);
  int size = sizeof address;
  if (error == 0)
    error = uv_tcp_getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  if (error != 0) {
    uv_close(reinterpret_cast<uv_handle_t*>(listener_),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_tcp_t*>(handle); });
    listener_ = nullptr;
    return cannot_listen(host, port, error);
  }

  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
    uv_ip6_name(v6, text, sizeof text);
    port_ = ntohs(v6->sin6_port);
    address_ = "[" + std::string(text) + "]:" + std::to_string(port_);
  } else {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    uv_ip4_name(v4, text, sizeof text);
    port_ = ntohs(v4->sin_port);
    address_ = std::string(text) + ":" + std::to_string(port_);
  }
  if (options_.tick.count() > 0) timer_.every(options_.tick, [this] { tick(); });
  return Ok{};
}

void Server::on_connection(uv_stream_t* listener, int status) {
  if (status == 0) static_cast<Server*>(listener->data)->accept();
}

void Server::accept() {
  auto* connection = new Connection(*this);
  connection->index_ = connections_.size();
  connections_.push_back(connection);
  if (!connection->accept(reinterpret_cast<uv_stream_t*>(listener_))) return;
  if (connections_.size() > options_.max_connections) {
    return connection->turn_away(503, "too_many_connections",
                                 "the server has as many connections as it may have");
  }
  if (!connection->enter(peers_)) {
    return connection->turn_away(429, "too_many_connections",
                                 "this address has as many connections as one may have");
  }
  connection->set_reading(true);
}

void Server::remove(Connection& connection) {
  connections_[connection.index_] = connections_.back();
  connections_[connection.index_]->index_ = connection.index_;
  connections_.pop_back();
  connection.leave(peers_);
  if (draining_ && connections_.empty() && drained_) loop_.post(std::exchange(drained_, nullptr));
}

// ── turns and ticks ──

void Server::flush_later(Connection& connection) {
  if (std::exchange(connection.dirty_, true)) return;
  if (dirty_.empty()) {
    loop_.at_turn_end([weak = std::weak_ptr<Server*>(self_)] {
      if (const auto self = weak.lock()) (*self)->flush_dirty();
    });
  }
  dirty_.push_back(connection.link_);
}

// The end of this turn is not late enough: it goes on until nothing is left. A timer that is due at
// once comes after the next look at all sockets, if its work is not done among the timers, where it
// would start itself again.
void Server::flush_next_turn(Connection& connection) {
  if (connection.dirty_) return;
  if (postponed_.empty()) {
    next_turn_.once(std::chrono::milliseconds(0), [this] {
      const auto batch = std::exchange(postponed_, {});
      for (const auto& link : batch) {
        if (link->connection) flush_later(*link->connection);
      }
    });
  }
  postponed_.push_back(connection.link_);
}

void Server::flush_dirty() {
  const auto batch = std::exchange(dirty_, {});
  for (const auto& link : batch) {
    if (link->connection) link->connection->flush();
  }
}

void Server::tick() {
  ++now_;
  set_date();
  for (size_t i = connections_.size(); i > 0; --i) {
    // Closing one moves the last, which was looked at already, into its place.
    if (i <= connections_.size()) connections_[i - 1]->check_time();
  }
}

void Server::set_date() {
  const std::time_t now =
      std::chrono::floor<std::chrono::seconds>(clock_.wall()).time_since_epoch().count();
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[48];
  const size_t size = std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
  date_.assign(text, size);
}

// ── the end ──

void Server::drain(std::function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  if (listener_) {
    uv_close(reinterpret_cast<uv_handle_t*>(std::exchange(listener_, nullptr)),
             [](uv_handle_t* handle) { delete reinterpret_cast<uv_tcp_t*>(handle); });
  }
  const std::vector<Connection*> now = connections_;
  for (Connection* connection : now) connection->drain();
  if (connections_.empty() && drained_) loop_.post(std::exchange(drained_, nullptr));
}

void Server::close_all() {
  while (!connections_.empty()) connections_.back()->close();
}

}  // namespace sluice::api
