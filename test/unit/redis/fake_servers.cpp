#include "test/unit/redis/fake_servers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <list>
#include <map>
#include <optional>

namespace sluice::test {
namespace {

constexpr int kTick = 20;  // ms, to see that it is over

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

// All of it; false when the other end is gone.
bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (wrote <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}

// What is there; nothing when the other end is gone.
std::string read_some(int fd) {
  char buffer[65'536];
  const ssize_t got = read(fd, buffer, sizeof buffer);
  return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : std::string();
}

// Takes one command off the front of `bytes`, when it is there whole. Clients send arrays of bulk
// strings only.
std::optional<std::vector<std::string>> take_command(std::string& bytes) {
  size_t at = 0;
  const auto number_after = [&](char sign) -> std::optional<size_t> {
    const size_t end = bytes.find("\r\n", at);
    if (end == std::string::npos || bytes[at] != sign) return std::nullopt;
    const size_t number = std::stoul(bytes.substr(at + 1, end - at - 1));
    at = end + 2;
    return number;
  };
  const auto count = number_after('*');
  if (!count) return std::nullopt;
  std::vector<std::string> words;
  for (size_t i = 0; i < *count; ++i) {
    const auto length = number_after('$');
    if (!length || bytes.size() < at + *length + 2) return std::nullopt;
    words.push_back(bytes.substr(at, *length));
    at += *length + 2;
  }
  bytes.erase(0, at);
  return words;
}

}  // namespace

Listening::Listening() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(listen(fd_, 64) == 0);
  REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
}

Listening::~Listening() {
  close(fd_);
}

// ── MovedServer ──

MovedServer::MovedServer(int port) : target_(port), thread_([this] { run(); }) {}

MovedServer::~MovedServer() {
  ending_ = true;
  thread_.join();
}

void MovedServer::run() {
  std::map<int, std::string> clients;  // what they said and is not answered
  while (!ending_) {
    std::vector<pollfd> fds = {{listening_.fd(), POLLIN, 0}};
    for (const auto& [fd, said] : clients) fds.push_back({fd, POLLIN, 0});
    poll(fds.data(), fds.size(), kTick);
    if (fds[0].revents) clients[accept4(listening_.fd(), nullptr, nullptr, SOCK_CLOEXEC)];
    for (size_t i = 1; i < fds.size(); ++i) {
      if (!fds[i].revents) continue;
      std::string& said = clients[fds[i].fd];
      const std::string more = read_some(fds[i].fd);
      said += more;
      std::string answers;
      while (const auto command = take_command(said)) answers += answer(*command);
      if (!more.empty() && write_all(fds[i].fd, answers)) continue;
      close(fds[i].fd);
      clients.erase(fds[i].fd);
    }
  }
  for (const auto& [fd, said] : clients) close(fd);
}

std::string MovedServer::answer(const std::vector<std::string>& command) {
  if (command[0] == "PING") return "+PONG\r\n";
  if (command[0] == "INFO") {
    const std::string text = "# Memory\r\nmaxmemory_policy:noeviction\r\n";
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  }
  if (command[0] == "SCRIPT") return "$40\r\n" + std::string(40, 'a') + "\r\n";
  if (command[0] == "HKEYS") return "*0\r\n";
  ++redirected_;
  return "-MOVED 3999 127.0.0.1:" + std::to_string(target_) + "\r\n";
}

// ── LosingProxy ──

struct LosingProxy::Pair {
  int client;
  int server;
  bool losing = false;
};

LosingProxy::LosingProxy(int port) : target_(port), thread_([this] { run(); }) {}

LosingProxy::~LosingProxy() {
  ending_ = true;
  thread_.join();
}

void LosingProxy::lose_answer_to(std::string text) {
  const std::lock_guard lock(mutex_);
  lose_ = std::move(text);
}

// False when the pair is over, as is said by pass_answer.
bool LosingProxy::pass_request(Pair& pair) {
  const std::string bytes = read_some(pair.client);
  {
    const std::lock_guard lock(mutex_);
    if (!lose_.empty() && bytes.find(lose_) != std::string::npos) {
      lose_.clear();
      pair.losing = true;
    }
  }
  return !bytes.empty() && write_all(pair.server, bytes);
}

bool LosingProxy::pass_answer(Pair& pair) {
  const std::string bytes = read_some(pair.server);
  if (!pair.losing) return !bytes.empty() && write_all(pair.client, bytes);
  ++lost_;
  return false;
}

void LosingProxy::run() {
  std::list<Pair> pairs;
  while (!ending_) {
    std::vector<pollfd> fds = {{listening_.fd(), POLLIN, 0}};
    for (const Pair& pair : pairs) {
      fds.push_back({pair.client, POLLIN, 0});
      fds.push_back({pair.server, POLLIN, 0});
    }
    poll(fds.data(), fds.size(), kTick);
    size_t at = 1;
    for (auto pair = pairs.begin(); pair != pairs.end(); at += 2) {
      const bool going_on =
          (!fds[at].revents || pass_request(*pair)) && (!fds[at + 1].revents || pass_answer(*pair));
      if (going_on) {
        ++pair;
        continue;
      }
      close(pair->client);
      close(pair->server);
      pair = pairs.erase(pair);
    }
    if (!fds[0].revents) continue;
    const int client = accept4(listening_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    const int server = connect_to(target_);
    if (server >= 0) {
      pairs.push_back({client, server});
    } else {
      close(client);
    }
  }
  for (const Pair& pair : pairs) {
    close(pair.client);
    close(pair.server);
  }
}

}  // namespace sluice::test
