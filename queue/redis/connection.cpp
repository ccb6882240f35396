#include "queue/redis/connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

namespace sluice::redis {
namespace {

constexpr int kMaxRedirections = 5;

Error unavailable(std::string message) {
  return {Code::kUnavailable, "redis", std::move(message)};
}

Error unusable(std::string message) {
  return {Code::kInvalid, "redis", std::move(message)};
}

timeval to_timeval(Millis time) {
  return {time.count() / 1000, (time.count() % 1000) * 1000};
}

MonoTime now() {
  return std::chrono::steady_clock::now();
}

// Redis is there and cannot serve: it loads its data, follows a master that is away or another that
// took its place, cannot write to its disk. That passes, here or at another address, and is as good
// as being away.
bool is_passing(const redisReply& reply) {
  if (!is_error(reply)) return false;
  for (const char* passing : {"LOADING", "MASTERDOWN", "READONLY", "MISCONF", "BUSY", "CLUSTERDOWN",
                              "TRYAGAIN", "NOREPLICAS"}) {
    if (text_of(reply).starts_with(passing)) return true;
  }
  return false;
}

// Of the text that INFO answers.
std::string_view field_of(std::string_view info, std::string_view name) {
  const size_t at = info.find("\n" + std::string(name) + ":");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = info.substr(at + name.size() + 2);
  return rest.substr(0, rest.find_first_of("\r\n"));
}

}  // namespace

Connection::Connection(ConnectionOptions options, const Scripts& scripts, Metrics& metrics)
    : options_(std::move(options)),
      scripts_(scripts),
      metrics_(metrics),
      address_(options_.address),
      interrupt_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Connection::~Connection() {
  ::close(interrupt_fd_);
}

void Connection::interrupt() {
  eventfd_write(interrupt_fd_, 1);
}

Error Connection::lost(const std::string& why) {
  context_.reset();
  if (redirections_ > 0) {  // the way back in is where it began
    redirections_ = 0;
    address_ = options_.address;
  }
  return unavailable("no answer from " + address_.text() + ": " + why);
}

// ── connecting ──

Status Connection::connect() {
  context_.reset();
  if (redirections_ > kMaxRedirections) return lost("its keys move about");
  for (;;) {
    Status connected = open();
    if (connected.ok()) connected = greet();
    if (connected.ok()) connected = check_policy();
    if (connected.ok()) connected = load_scripts();
    if (connected.ok()) {
      since_ = now();
      return {};
    }
    const bool moved = !context_ && redirections_ > 0 && redirections_ <= kMaxRedirections &&
                       connected.error().code == Code::kRefused;
    if (!moved) {
      context_.reset();
      return connected;
    }
  }
}

Status Connection::open() {
  const timeval timeout = to_timeval(options_.timeout);
  context_.reset(address_.socket.empty()
                     ? redisConnectWithTimeout(address_.host.c_str(), address_.port, timeout)
                     : redisConnectUnixWithTimeout(address_.socket.c_str(), timeout));
  if (!context_) return unavailable("out of memory");
  if (context_->err) return lost(context_->errstr);
  redisSetTimeout(context_.get(), timeout);  // of writes; reads wait by poll
  // An error of it stays in the context, and a unix socket knows none of it.
  if (address_.socket.empty() && redisEnableKeepAlive(context_.get()) != REDIS_OK)
    return lost(context_->errstr);
  return {};
}

Status Connection::greet() {
  std::vector<Command> commands;
  if (!address_.password.empty()) {
    Command auth{nullptr, {"AUTH"}};
    if (!address_.user.empty()) auth.words.push_back(address_.user);
    auth.words.push_back(address_.password);
    commands.push_back(std::move(auth));
  }
  if (address_.database != 0)
    commands.push_back({nullptr, {"SELECT", std::to_string(address_.database)}});
  commands.push_back({nullptr, {"PING"}});
  auto replies = call(commands);
  if (!replies.ok()) return replies.error();
  for (const ReplyPtr& reply : *replies) {
    if (!is_error(*reply)) continue;
    const std::string text(text_of(*reply));
    if (is_passing(*reply)) return lost(text);
    return unusable(address_.text() + " refuses us: " + text);
  }
  return {};
}

Status Connection::check_policy() {
  auto reply = call_one({nullptr, {"INFO", "memory"}});
  if (!reply.ok()) return reply.error();
  if (is_error(**reply)) {
    return unusable(address_.text() + " does not let us see its maxmemory-policy (INFO memory): " +
                    std::string(text_of(**reply)));
  }
  const std::string_view policy = field_of(text_of(**reply), "maxmemory_policy");
  if (policy == "noeviction") return {};
  return unusable(address_.text() + " has the maxmemory-policy '" + std::string(policy) +
                  "', which drops jobs when memory runs out; it must be 'noeviction'");
}

Status Connection::load_scripts() {
  std::vector<Command> commands;
  for (const Script* script : scripts_.all())
    commands.push_back({nullptr, {"SCRIPT", "LOAD", script->text}});
  auto replies = call(commands);
  if (!replies.ok()) return replies.error();
  for (size_t i = 0; i < replies->size(); ++i) {
    const redisReply& reply = *(*replies)[i];
    if (note_redirection(reply)) {
      context_.reset();
      return Error{Code::kRefused, "redis", "moved"};
    }
    if (is_passing(reply)) return lost(std::string(text_of(reply)));
    if (is_error(reply))
      return unusable(address_.text() +
                      " does not take our scripts: " + std::string(text_of(reply)));
    sha1_[scripts_.all()[i]] = text_of(reply);
  }
  return {};
}

// "MOVED 3999 127.0.0.1:6381": our keys live at another node.
bool Connection::note_redirection(const redisReply& reply) {
  if (!is_error(reply)) return false;
  const std::string_view text = text_of(reply);
  if (!text.starts_with("MOVED ")) return false;
  const size_t space = text.rfind(' '), colon = text.rfind(':');
  int port = 0;
  if (colon == std::string_view::npos || colon < space) return false;
  std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (port <= 0 || port > 65535) return false;
  const std::string_view host = text.substr(space + 1, colon - space - 1);
  if (!host.empty()) address_.host = host;  // empty: the host that answered
  address_.port = port;
  ++redirections_;
  return true;
}

// ── calling ──

void Connection::append(const Command& command) {
  std::vector<const char*> words;
  std::vector<size_t> lengths;
  const auto add = [&](std::string_view word) {
    words.push_back(word.data());
    lengths.push_back(word.size());
  };
  if (command.script) {
    add("EVALSHA");
    add(sha1_[command.script]);
    add("1");
  }
  for (const std::string& word : command.words) add(word);
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), words.data(),
                         lengths.data());

  const std::string name = command.script ? command.script->name : command.words[0];
  Counter*& counter = counters_[name];
  if (!counter) {
    counter = &metrics_.counter("sluice_redis_commands_total", "Commands sent to Redis",
                                {{"command", name}});
  }
  counter->add();
}

Status Connection::flush() {
  for (int done = 0; !done;) {
    if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return lost(context_->errstr);
  }
  return {};
}

Result<ReplyPtr> Connection::read_until(MonoTime deadline) {
  for (;;) {
    void* reply = nullptr;
    if (redisGetReplyFromReader(context_.get(), &reply) != REDIS_OK) return lost(context_->errstr);
    if (reply) return ReplyPtr(static_cast<redisReply*>(reply));

    const Millis left = std::max(Millis(0), std::chrono::ceil<Millis>(deadline - now()));
    pollfd fds[2] = {{context_->fd, POLLIN, 0}, {interrupt_fd_, POLLIN, 0}};
    const int ready = poll(fds, 2, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) continue;
    if (fds[1].revents) return lost("interrupted");
    if (ready <= 0) return ReplyPtr();
    if (redisBufferRead(context_.get()) != REDIS_OK) return lost(context_->errstr);
  }
}

Result<std::vector<ReplyPtr>> Connection::call(const std::vector<Command>& commands, Millis wait) {
  if (!context_) return unavailable("not connected");
  for (const Command& command : commands) append(command);
  if (Status sent = flush(); !sent.ok()) return sent.error();

  std::vector<ReplyPtr> replies;
  const MonoTime deadline = now() + options_.timeout + wait;
  std::vector<size_t> unknown_scripts;
  bool moved = false;
  std::optional<std::string> passing;
  for (size_t i = 0; i < commands.size(); ++i) {
    auto reply = read_until(deadline);
    if (!reply.ok()) return reply.error();
    if (!*reply) return lost("timed out");
    if (is_error(**reply) && commands[i].script) {
      if (text_of(**reply).starts_with("NOSCRIPT")) unknown_scripts.push_back(i);
      moved = note_redirection(**reply) || moved;
      if (is_passing(**reply)) passing = text_of(**reply);
    }
    replies.push_back(*std::move(reply));
  }
  if (moved) {
    context_.reset();
    return unavailable("its keys have moved to " + address_.text());
  }
  if (passing) return lost(*passing);
  if (unknown_scripts.empty()) return replies;

  // Redis was restarted behind a proxy, or its scripts were flushed: once more, in their order.
  if (Status loaded = load_scripts(); !loaded.ok()) return lost(loaded.error().message);
  std::vector<Command> again;
  for (const size_t i : unknown_scripts) again.push_back(commands[i]);
  for (const Command& command : again) append(command);
  if (Status sent = flush(); !sent.ok()) return sent.error();
  for (const size_t i : unknown_scripts) {
    auto reply = read_until(now() + options_.timeout);
    if (!reply.ok()) return reply.error();
    if (!*reply) return lost("timed out");
    replies[i] = *std::move(reply);
  }
  return replies;
}

Result<ReplyPtr> Connection::call_one(Command command, Millis wait) {
  std::vector<Command> commands;
  commands.push_back(std::move(command));
  auto replies = call(commands, wait);
  if (!replies.ok()) return replies.error();
  return std::move(replies->front());
}

Status Connection::send(const Command& command) {
  if (!context_) return unavailable("not connected");
  append(command);
  return flush();
}

Result<ReplyPtr> Connection::read(Millis wait) {
  if (!context_) return unavailable("not connected");
  return read_until(now() + wait);
}

}  // namespace sluice::redis
