#include "plugins/redis/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

namespace sluice::redis_plugin {
namespace {

using std::chrono::milliseconds;

// How soon it is seen that nobody waits any more.
constexpr milliseconds kGlance{50};
constexpr size_t kPiece = 64 << 10;

std::string reason() {
  std::array<char, 128> buffer{};
  return strerror_r(errno, buffer.data(), buffer.size());  // GNU's, which answers the text
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

constexpr const char* kUnknown = "; it is not known whether the command was carried out";

// The connection broke, or the time is over: whatever comes later would be taken for the answer to
// the next command.
struct Lost : plugin::Failure {
  explicit Lost(const std::string& why, bool nothing_sent = false)
      : Failure(why), nothing_sent(nothing_sent) {}
  bool nothing_sent;
};

struct Written {
  CommandPtr bytes;
  size_t size = 0;
};

Written written(const Words& words) {
  std::vector<const char*> starts;
  std::vector<size_t> sizes;
  for (const std::string& word : words) {
    starts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* bytes = nullptr;
  const int size =
      redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), starts.data(), sizes.data());
  if (size < 0) throw std::bad_alloc();
  return {CommandPtr(bytes), static_cast<size_t>(size)};
}

}  // namespace

// How long something may take: as long as the call has, and as long as connecting may where that is
// what goes on.
struct Connection::Wait {
  const plugin::Pending& call;
  Clock::time_point until = Clock::time_point::max();

  milliseconds left() const {
    if (call.abandoned()) return milliseconds(0);
    const milliseconds own = until == Clock::time_point::max()
                                 ? milliseconds::max()
                                 : std::chrono::ceil<milliseconds>(until - Clock::now());
    return std::max(milliseconds(0), std::min(own, call.remaining()));
  }

  bool is_over_for_call() const { return call.abandoned() || call.remaining() <= milliseconds(0); }

  // False when the time is over.
  bool for_event(int fd, short event) const {
    for (;;) {
      const milliseconds time = left();
      if (time == milliseconds(0)) return false;
      pollfd waited{fd, event, 0};
      const int ready = poll(&waited, 1, static_cast<int>(std::min(time, kGlance).count()));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) throw plugin::Failure("poll: " + reason());
    }
  }
};

// Where it is is nothing for the authors of actions: the log says so.
std::string Connection::no_answer(const std::string& why) {
  return "no answer from Redis: " + why;
}

// ── connecting ──

Connection::Connection(const Address& address, milliseconds timeout, const plugin::Pending& call) {
  const Wait wait{call, Clock::now() + timeout};
  const milliseconds left = wait.left();
  if (left == milliseconds(0)) cannot_connect("", wait);
  const timeval time{left.count() / 1'000, left.count() % 1'000 * 1'000};
  context_.reset(address.socket.empty()
                     ? redisConnectWithTimeout(address.host.c_str(), address.port, time)
                     : redisConnectUnixWithTimeout(address.socket.c_str(), time));
  if (!context_) throw std::bad_alloc();
  if (context_->err != 0) cannot_connect(context_->errstr, wait);
  if (address.socket.empty() && redisEnableKeepAlive(context_.get()) != REDIS_OK)
    cannot_connect(context_->errstr, wait);
  // hiredis connects and knows the protocol, but its reading has no bounds, and its writing raises
  // SIGPIPE.
  if (fcntl(context_->fd, F_SETFL, fcntl(context_->fd, F_GETFL) | O_NONBLOCK) != 0 ||
      fcntl(context_->fd, F_SETFD, FD_CLOEXEC) != 0)
    cannot_connect(reason(), wait);

  if (!address.password.empty())
    greet(address.user.empty() ? Words{"AUTH", address.password}
                               : Words{"AUTH", address.user, address.password},
          wait);
  if (address.database != 0) greet({"SELECT", std::to_string(address.database)}, wait);
}

void Connection::greet(const Words& words, const Wait& wait) {
  Reply reply;
  try {
    send(words, wait);
    reply = receive({}, wait);
  } catch (const plugin::Failure& failure) {
    cannot_connect(failure.what(), wait);
  }
  if (!reply.ok) cannot_connect("it refuses us: " + reply.text, wait);
}

// A call whose time was over has not found out whether the server is away.
void Connection::cannot_connect(const std::string& why, const Wait& wait) const {
  if (wait.is_over_for_call()) throw plugin::Failure(no_answer("the call's time is over"));
  throw Unreachable(no_answer(why));
}

bool Connection::is_fresh() const {
  pollfd looked{context_->fd, POLLIN | POLLRDHUP, 0};
  return poll(&looked, 1, 0) == 0;
}

// ── calling ──

Reply Connection::exchange(const Words& words, ReplyLimits limits, const plugin::Pending& call) {
  const Wait wait{call};
  try {
    send(words, wait);
  } catch (const Lost& lost) {
    if (lost.nothing_sent) throw NothingSent(no_answer(lost.what()));
    // Redis carries out what is there whole.
    throw plugin::Failure(
        no_answer(std::string(lost.what()) + "; the command was not carried out"));
  }
  try {
    return receive(limits, wait);
  } catch (const Lost& lost) {
    throw plugin::Failure(no_answer(std::string(lost.what()) + kUnknown));
  }
}

void Connection::send(const Words& words, const Wait& wait) {
  const Written command = written(words);
  for (size_t sent = 0; sent < command.size;) {
    const ssize_t wrote =
        ::send(context_->fd, command.bytes.get() + sent, command.size - sent, MSG_NOSIGNAL);
    if (wrote >= 0) {
      sent += static_cast<size_t>(wrote);
    } else if (!would_block()) {
      throw Lost(reason(), sent == 0);
    } else if (!wait.for_event(context_->fd, POLLOUT)) {
      throw Lost("it does not take the command in time");
    }
  }
}

Reply Connection::receive(ReplyLimits limits, const Wait& wait) {
  ReplyReader reader(limits);
  const auto piece = std::make_unique_for_overwrite<char[]>(kPiece);
  for (;;) {
    const ssize_t got = recv(context_->fd, piece.get(), kPiece, 0);
    if (got > 0) {
      if (reader.feed(piece.get(), static_cast<size_t>(got))) return reader.take();
    } else if (got == 0) {
      throw Lost("it closed the connection");
    } else if (!would_block()) {
      throw Lost(reason());
    } else if (!wait.for_event(context_->fd, POLLIN)) {
      throw Lost("it takes too long");
    }
  }
}

}  // namespace sluice::redis_plugin
