// What clients send. The same bytes in one piece and in pieces must be the same requests, or the
// same refusal; and a real server must answer the same bytes.
//
// The first byte seeds where the bytes are cut.
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "api/http/request_parser.h"
#include "api/http/server.h"
#include "bytes.h"
#include "check.h"

namespace sluice::fuzz {
namespace {

using namespace api;

constexpr HttpLimits kLimits{
    .head_bytes = 1024, .headers = 12, .target_bytes = 128, .body_bytes = 512};

constexpr std::chrono::seconds kPatience{30};  // only a hang takes so long

// Where to cut: in single bytes, or in pieces of a few, as the seed says.
class Cutter {
 public:
  explicit Cutter(uint8_t seed) : state_(seed) {}
  size_t next() {
    if (state_ == 0) return 1;
    state_ = state_ * 1'103'515'245u + 12'345u;
    return 1 + (state_ >> 16) % 24;
  }

 private:
  uint32_t state_;
};

std::string describe(Request& request) {
  std::string text(to_string(request.method));
  const auto add = [&](std::string_view name, std::string_view value) {
    text +=
        "\n" + std::string(name) + ":" + std::to_string(value.size()) + ":" + std::string(value);
  };
  add("path", request.path());
  add("query", request.raw_query());
  check(request.segment_count() <= kMaxSegments, "more pieces of a path than there may be");
  for (size_t i = 0; i < request.segment_count(); ++i) add("segment", request.segment(i));
  for (const char* const name : {"host", "content-length", "transfer-encoding", "origin", "expect",
                                 "authorization", "idempotency-key", "connection"}) {
    if (const auto value = request.header(name)) {
      add(name, *value);
      check(value->find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "a header's value holds the end of a line", *value);
    }
    add("count", std::to_string(request.header_count(name)));
  }
  check(request.header_count("host") <= 1 || request.method == Method::kOther, "two hosts");
  const auto wait = request.query("wait");
  add("wait", !wait.ok() ? "bad" : wait->value_or("none"));
  check(request.body.size() <= kLimits.body_bytes, "a body larger than it may be");
  add("body", request.body);
  return text;
}

// All that the parser makes of the bytes, as text.
std::vector<std::string> parse(std::string_view bytes, Cutter* cutter) {
  RequestParser parser(kLimits);
  std::vector<std::string> seen;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, cutter ? cutter->next() : bytes.size());
    // A copy of its own, so that reading beyond it is seen.
    const std::string copy(piece);
    std::string_view left = copy;
    while (!left.empty()) {
      const size_t before = left.size();
      const RequestParser::Step step = parser.feed(left);
      check(left.size() <= before, "the parser gives back more than it got");
      if (step == RequestParser::Step::kFault) {
        const HttpFault& fault = parser.fault();
        check(fault.status >= 400 && fault.status < 600 && !fault.message.empty(),
              "a fault that says nothing");
        // Of several faults, pieces may show another one first.
        seen.push_back("fault");
        return seen;
      }
      if (step == RequestParser::Step::kMore) {
        check(left.empty(), "bytes are left, and no request is there");
        break;
      }
      seen.push_back(describe(parser.request()) +
                     "\nkeep alive: " + (parser.keep_alive() ? "yes" : "no"));
      if (!parser.keep_alive()) return seen;
      parser.next();
    }
    bytes.remove_prefix(piece.size());
  }
  return seen;
}

// Answers with what it has understood; every third time not at once.
class Echo final : public RequestHandler {
 public:
  void handle(Request& request, Responder responder) override {
    Reply reply = text_reply(200, describe(request));
    if (++count_ % 3 != 0) return responder.answer(reply);
    later_.emplace_back(std::move(responder), std::move(reply));
  }
  Reply refuse(const Request&, const HttpFault&) override { return text_reply(400, "refused"); }
  bool answer_later() {
    auto waiting = std::exchange(later_, {});
    for (auto& [responder, reply] : waiting) responder.answer(reply);
    return !waiting.empty();
  }
  void forget() {
    later_.clear();
    count_ = 0;
  }

 private:
  size_t count_ = 0;
  std::vector<std::pair<Responder, Reply>> later_;
};

class World {
 public:
  World() : server_(loop_, clock_, echo_, options()) {
    check(server_.listen("127.0.0.1", 0).ok(), "cannot listen");
  }

  // All that the server answers to the bytes and the end of them.
  std::string ask(std::string_view bytes, Cutter* cutter) {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    check(client >= 0, "no socket");
    const int on = 1;  // else the system joins the pieces
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(server_.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    wait(client, POLLOUT);
    std::string heard;
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, cutter ? cutter->next() : bytes.size());
      if (send(client, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
      bytes.remove_prefix(piece.size());
      turn();
      turn();
    }
    shutdown(client, SHUT_WR);
    ssize_t n = 0;
    do {
      wait(client, POLLIN);
      char read[16 << 10];
      n = recv(client, read, sizeof read, 0);
      if (n > 0) heard.append(read, static_cast<size_t>(n));
    } while (n > 0 || (n < 0 && errno == EAGAIN));
    close(client);
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (server_.connection_count() > 0) {
      turn();
      check(std::chrono::steady_clock::now() < limit, "a connection outlives its client");
    }
    echo_.forget();
    return heard;
  }

 private:
  static ServerOptions options() {
    ServerOptions options;
    options.limits = kLimits;
    options.tick = Millis(0);
    return options;
  }

  void turn() {
    uv_run(loop_.uv(), UV_RUN_NOWAIT);
    if (echo_.answer_later()) uv_run(loop_.uv(), UV_RUN_NOWAIT);
  }

  void wait(int client, short events) {
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    pollfd wanted{client, events, 0};
    while (poll(&wanted, 1, 0) == 0) {
      turn();
      check(std::chrono::steady_clock::now() < limit, "the server has fallen silent");
    }
  }

  Loop loop_;
  ManualClock clock_;
  Echo echo_;
  Server server_;
};

// Who sends a body at once is not told to go on.
std::string without_continue(std::string heard) {
  constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
  for (size_t at; (at = heard.find(kGoOn)) != std::string::npos;) heard.erase(at, kGoOn.size());
  return heard;
}

void one(Bytes input) {
  const uint8_t seed = input.byte();
  const std::string_view bytes = input.rest();
  Cutter cutter(seed);
  const std::vector<std::string> whole = parse(bytes, nullptr);
  const std::vector<std::string> cut = parse(bytes, &cutter);
  check(whole == cut, "in pieces it reads differently",
        (whole.empty() ? "" : whole.back()) + " | " + (cut.empty() ? "" : cut.back()));

  static World world;
  Cutter again(seed);
  const std::string answers = without_continue(world.ask(bytes, nullptr));
  const std::string in_pieces = without_continue(world.ask(bytes, &again));
  check(answers == in_pieces, "in pieces it is answered differently", answers + " | " + in_pieces);
  size_t requests = 0;
  for (size_t at = 0; (at = answers.find("HTTP/1.1 ", at)) != std::string::npos; ++at) ++requests;
  check(requests >= whole.size(), "a request has no answer", answers);
}

}  // namespace
}  // namespace sluice::fuzz

// Each connection leaves its port in use for a minute. Where the system lets us, that happens in a
// network of our own, which ends with the process.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return 0;
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  std::memcpy(loopback.ifr_name, "lo", 3);
  loopback.ifr_flags = IFF_UP;
  sluice::fuzz::check(ioctl(any, SIOCSIFFLAGS, &loopback) == 0, "the loopback device stays down");
  close(any);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::fuzz::one({data, size});
  return 0;
}
