#include "world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>

#include "base/hash.h"

namespace sluice::test {

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::optional<HttpReply> take_reply(std::string& bytes, bool to_head) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  HttpReply reply;
  reply.status = std::atoi(bytes.c_str() + 9);
  for (size_t at = bytes.find("\r\n") + 2; at < end + 2;) {
    const size_t line_end = bytes.find("\r\n", at);
    const size_t colon = bytes.find(": ", at);
    std::string name = bytes.substr(at, colon - at);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    reply.headers[name] = bytes.substr(colon + 2, line_end - colon - 2);
    at = line_end + 2;
  }
  const size_t size = to_head || reply.status == 100
                          ? 0
                          : static_cast<size_t>(std::atol(reply.header("content-length").c_str()));
  if (bytes.size() < end + 4 + size) return std::nullopt;
  reply.body = bytes.substr(end + 4, size);
  bytes.erase(0, end + 4 + size);
  return reply;
}

bool turn_until(Loop& loop, const std::function<bool()>& condition) {
  for (int turns = 0; turns < 100'000; ++turns) {
    uv_run(loop.uv(), UV_RUN_NOWAIT);
    if (condition()) return true;
    pollfd events{uv_backend_fd(loop.uv()), POLLIN, 0};
    if (turns > 2) poll(&events, 1, std::clamp(uv_backend_timeout(loop.uv()), 0, 1));
  }
  return false;
}

Client::Client(Loop& loop, int port, const char* from) : loop_(loop) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  inet_pton(AF_INET, from, &own.sin_addr);
  REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof own) == 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  fcntl(fd_, F_SETFL, O_NONBLOCK);
}

Client::~Client() {
  close();
}

void Client::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Client::reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void Client::shut_down() {
  ::shutdown(fd_, SHUT_WR);
}

void Client::turn() {
  uv_run(loop_.uv(), UV_RUN_NOWAIT);
  if (!reading_ || ended_) return;
  char buffer[65536];
  for (;;) {
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0) {
      received_.append(buffer, static_cast<size_t>(got));
      continue;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) ended_ = true;
    return;
  }
}

void Client::send(std::string_view bytes) {
  while (!bytes.empty() && !ended_) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0)
      bytes.remove_prefix(static_cast<size_t>(sent));
    else if (errno != EAGAIN)
      return;
    turn();
  }
}

HttpReply Client::reply(bool to_head) {
  std::optional<HttpReply> reply;
  turn_until(loop_, [&] {
    turn();
    reply = take_reply(received_, to_head);
    return reply || ended_;
  });
  return reply.value_or(HttpReply{});
}

HttpReply Client::ask(std::string_view bytes) {
  send(bytes);
  return reply();
}

std::string Client::rest() {
  turn_until(loop_, [&] {
    turn();
    return ended_;
  });
  return received_;
}

void Client::settle(int turns) {
  for (int i = 0; i < turns; ++i) turn();
}

std::string request(std::string_view method, std::string_view target, std::string_view body,
                    std::string_view headers) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n");
  text += headers;
  if (!body.empty() || method == "POST" || method == "PUT")
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text.append("\r\n").append(body);
}

World::World(api::ApiOptions options) {
  options.access.hosts.push_back("test");  // as request() calls the server
  api.emplace(api::ApiParts{loop, store, queue, compiler, seal, clock, log, metrics}, options);
  runner.start();
  const Status listening = api->listen("127.0.0.1", 0);
  REQUIRE(listening.ok());
}

HttpReply World::ask(std::string_view method, std::string_view target, std::string_view body,
                     std::string_view headers) {
  Client client(loop, api->port());
  return client.ask(request(method, target, body, headers));
}

HttpReply World::create(const std::string& name, const std::string& source,
                        const std::string& more) {
  return ask("POST", "/actions",
             R"({"name":")" + name + R"(","code":")" + base64_encode(source) + "\"" + more + "}");
}

}  // namespace sluice::test
