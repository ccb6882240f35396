#include "test/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

namespace sluice::test {
namespace {

constexpr int kLookMs = 5;  // how soon a change of mode is seen

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void close_hard(int fd) {
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

}  // namespace

struct TcpProxy::Connection {
  int client = -1, server = -1;
  size_t number = 0;
  bool from_client = true, from_server = true;  // still open in this direction
  ~Connection() {
    close_hard(client);
    close_hard(server);
  }
};

TcpProxy::TcpProxy(int port) : target_(port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(listener_, 64) == 0);
  REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

TcpProxy::~TcpProxy() {
  stopping_ = true;
  thread_.join();
  close(listener_);
}

void TcpProxy::cut() {
  cut_ = true;
  while (cut_ && !stopping_) std::this_thread::yield();
}

void TcpProxy::half_close() {
  half_close_ = true;
  while (half_close_ && !stopping_) std::this_thread::yield();
}

std::vector<std::string> TcpProxy::recorded() const {
  const std::lock_guard lock(mutex_);
  return recorded_;
}

void TcpProxy::accept_one() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(target_);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close_hard(server);
    close_hard(client);
    return;
  }
  const int on = 1;
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto connection = std::make_unique<Connection>();
  connection->client = client;
  connection->server = server;
  {
    const std::lock_guard lock(mutex_);
    connection->number = recorded_.size();
    recorded_.emplace_back();
  }
  connections_.push_back(std::move(connection));
}

// False when that direction is over.
bool TcpProxy::forward(int from, int to, bool is_answer, size_t connection) {
  char buffer[64 << 10];
  const ssize_t got = recv(from, buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got > 0 && recording_ && !is_answer) {
    const std::lock_guard lock(mutex_);
    recorded_[connection].append(buffer, static_cast<size_t>(got));
  }
  const Mode mode = mode_;
  if (got == 0) {
    if (mode != Mode::kDrop) shutdown(to, SHUT_WR);
    return false;
  }
  if (mode == Mode::kDrop || (mode == Mode::kDropAnswers && is_answer)) return true;
  if (mode == Mode::kDelay) poll(nullptr, 0, 20);
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t more =
        send(to, buffer + sent, static_cast<size_t>(got - sent), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (more > 0) {
      sent += more;
      continue;
    }
    // Who does not read must not hold up the others, nor the end.
    if (errno != EAGAIN || stopping_ || cut_) return false;
    pollfd writable = {to, POLLOUT, 0};
    poll(&writable, 1, kLookMs);
  }
  return true;
}

void TcpProxy::run() {
  while (!stopping_) {
    std::vector<pollfd> fds = {{listener_, POLLIN, 0}};
    for (const auto& connection : connections_) {
      fds.push_back(
          {connection->client, static_cast<short>(connection->from_client ? POLLIN : 0), 0});
      fds.push_back(
          {connection->server, static_cast<short>(connection->from_server ? POLLIN : 0), 0});
    }
    poll(fds.data(), fds.size(), kLookMs);
    if (cut_) {
      connections_.clear();
      count_ = 0;
      cut_ = false;
      continue;
    }
    if (half_close_) {
      for (const auto& connection : connections_) {
        shutdown(connection->client, SHUT_WR);
        connection->from_server = false;
      }
      half_close_ = false;
    }
    for (size_t i = 0; i < connections_.size(); ++i) {
      Connection& one = *connections_[i];
      const short client = fds[1 + 2 * i].revents, server = fds[2 + 2 * i].revents;
      if (client && one.from_client)
        one.from_client = forward(one.client, one.server, false, one.number);
      if (server && one.from_server)
        one.from_server = forward(one.server, one.client, true, one.number);
      if ((client | server) & (POLLERR | POLLNVAL)) one.from_client = one.from_server = false;
    }
    std::erase_if(connections_,
                  [](const auto& one) { return !one->from_client && !one->from_server; });
    if (fds[0].revents) accept_one();
    count_ = connections_.size();
  }
  connections_.clear();
}

}  // namespace sluice::test
