#include "test/support/scripted_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace sluice::test {
namespace {

constexpr int kTick = 20;  // milliseconds, until the end of the server is seen

bool readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return poll(&one, 1, kTick) > 0;
}

size_t content_length(const std::string& head) {
  static const std::string kName = "Content-Length: ";
  const size_t at = head.find(kName);
  return at == head.npos ? 0 : std::stoul(head.substr(at + kName.size()));
}

}  // namespace

bool ScriptedServer::Peer::send(const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size() && !server_.stopping_) {
    pollfd one{fd_, POLLOUT, 0};
    if (poll(&one, 1, kTick) <= 0) continue;
    const ssize_t count =
        ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) return open_ = false;
    if (count > 0) sent += static_cast<size_t>(count);
  }
  return sent == bytes.size();
}

void ScriptedServer::Peer::hang() {
  open_ = false;
  char rest[512];
  while (!server_.stopping_)
    if (readable(fd_) && recv(fd_, rest, sizeof rest, 0) <= 0) return;
}

void ScriptedServer::Peer::drip() {
  char rest[512];
  while (!server_.stopping_ && send("x"))
    if (readable(fd_) && recv(fd_, rest, sizeof rest, 0) <= 0) return;
}

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 128) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port to listen on");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

void ScriptedServer::accept_all() {
  while (!stopping_) {
    if (!readable(listener_)) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    ++open_;
    threads_.emplace_back([this, fd] {
      serve(fd);
      close(fd);
      --open_;
    });
  }
}

void ScriptedServer::serve(int fd) {
  Peer peer(*this, fd);
  std::string buffer;
  Heard heard;
  while (peer.open() && read(fd, buffer, heard)) {
    {
      std::lock_guard lock(mutex_);
      heard_.push_back(heard);
    }
    script_(heard, peer);
  }
}

bool ScriptedServer::read(int fd, std::string& buffer, Heard& heard) {
  for (;;) {
    const size_t end = buffer.find("\r\n\r\n");
    if (end != buffer.npos) {
      heard.head = buffer.substr(0, end + 2);
      heard.line = heard.head.substr(0, heard.head.find("\r\n"));
      const size_t length = content_length(heard.head);
      if (buffer.size() >= end + 4 + length) {
        heard.body = buffer.substr(end + 4, length);
        buffer.erase(0, end + 4 + length);
        return true;
      }
    }
    char piece[4096];
    if (stopping_) return false;
    if (!readable(fd)) continue;
    const ssize_t count = recv(fd, piece, sizeof piece, 0);
    if (count <= 0) return false;
    buffer.append(piece, static_cast<size_t>(count));
  }
}

std::vector<Heard> ScriptedServer::heard() const {
  std::lock_guard lock(mutex_);
  return heard_;
}

std::string answer(int status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " Said\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

ScriptedServer::Script always(const std::string& bytes) {
  return [bytes](const Heard&, ScriptedServer::Peer& peer) { peer.send(bytes); };
}

ScriptedServer::Script redirect_to(const std::string& location, int status) {
  return always(answer(status, "", "Location: " + location + "\r\n"));
}

}  // namespace sluice::test
