#include "loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

namespace sluice::cli::test {
namespace {

int listen_on_loopback(uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(fd, 8) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = ntohs(address.sin_port);
  return fd;
}

bool is_complete(const std::string& request) {
  const size_t head = request.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  const size_t length = request.find("Content-Length: ");
  const size_t body =
      length == std::string::npos ? 0 : std::strtoul(request.c_str() + length + 16, nullptr, 10);
  return request.size() >= head + 4 + body;
}

}  // namespace

LoopbackServer::LoopbackServer(Answer answer) : answer_(std::move(answer)) {
  listener_ = listen_on_loopback(port_);
  REQUIRE(pipe(stop_) == 0);
  thread_ = std::thread([this] { serve(); });
}

LoopbackServer::~LoopbackServer() {
  close(stop_[1]);
  thread_.join();
  close(stop_[0]);
  close(listener_);
}

std::vector<std::string> LoopbackServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int LoopbackServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

void LoopbackServer::serve() {
  while (readable(listener_)) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    {
      const std::lock_guard lock(mutex_);
      ++connections_;
    }
    serve_connection(fd);
    close(fd);
  }
}

void LoopbackServer::serve_connection(int fd) {
  std::string request;
  char buffer[65536];
  while (readable(fd)) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count <= 0) return;
    request.append(buffer, static_cast<size_t>(count));
    if (!is_complete(request)) continue;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const std::optional<std::string> answer = answer_(request);
    request.clear();
    if (!answer) continue;  // reads on, until the other side gives up
    std::string_view rest = *answer;
    while (!rest.empty()) {
      const ssize_t sent = send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      rest.remove_prefix(static_cast<size_t>(sent));
    }
    if (answer->find("Connection: close") != std::string::npos) return;
  }
}

bool LoopbackServer::readable(int fd) const {
  pollfd fds[] = {{fd, POLLIN, 0}, {stop_[0], POLLIN, 0}};
  while (poll(fds, 2, -1) < 0) {
  }
  return fds[1].revents == 0;
}

std::string http_answer(int status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Whatever\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
         body;
}

std::string url_of_nobody() {
  uint16_t port = 0;
  close(listen_on_loopback(port));
  return "http://127.0.0.1:" + std::to_string(port);
}

}  // namespace sluice::cli::test
