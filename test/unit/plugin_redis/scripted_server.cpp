#include "test/unit/plugin_redis/scripted_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::test {
namespace {

constexpr int kTick = 20;  // ms, to see that it is over

}  // namespace

ScriptedServer::ScriptedServer(std::function<Act(int, const std::string&)> script)
    : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(listen(listener_, 64) == 0);
  REQUIRE(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

ScriptedServer::~ScriptedServer() {
  ending_ = true;
  thread_.join();
  close(listener_);
}

void ScriptedServer::run() {
  std::map<int, int> clients;  // which connection each descriptor is
  while (!ending_) {
    std::vector<pollfd> fds = {{listener_, POLLIN, 0}};
    for (const auto& [fd, number] : clients) fds.push_back({fd, POLLIN, 0});
    poll(fds.data(), fds.size(), kTick);
    if (fds[0].revents != 0)
      clients[accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)] = ++connections_;
    for (size_t i = 1; i < fds.size(); ++i) {
      if (fds[i].revents == 0) continue;
      char buffer[65'536];
      const ssize_t got = read(fds[i].fd, buffer, sizeof buffer);
      if (got > 0) ++requests_;
      if (got > 0 &&
          act(fds[i].fd, script_(clients[fds[i].fd], {buffer, static_cast<size_t>(got)})))
        continue;
      close(fds[i].fd);
      clients.erase(fds[i].fd);
    }
  }
  for (const auto& [fd, number] : clients) close(fd);
}

// False when the connection is over.
bool ScriptedServer::act(int fd, const Act& act) {
  bool alive = send_all(fd, act.bytes);
  while (alive && !act.for_ever.empty()) alive = send_all(fd, act.for_ever);
  return alive && !act.close;
}

bool ScriptedServer::send_all(int fd, const std::string& bytes) {
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t wrote = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (wrote > 0) {
      rest.remove_prefix(static_cast<size_t>(wrote));
      sent_ += static_cast<size_t>(wrote);
    } else if (errno == EAGAIN && !ending_) {
      pollfd waited{fd, POLLOUT, 0};
      poll(&waited, 1, kTick);
    } else {
      return false;
    }
  }
  return !ending_;
}

}  // namespace sluice::test
