// A Redis of the test's own: one that asks for a password, goes away and comes back, loses answers,
// or does not speak the protocol at all.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "test/support/databases.h"
#include "test/support/tcp_proxy.h"
#include "test/unit/plugin_redis/scripted_server.h"
#include "test/unit/plugin_redis/world.h"

namespace sluice::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using namespace std::chrono_literals;

PluginDriver::Options with_timeout(std::chrono::milliseconds timeout) {
  PluginDriver::Options options;
  options.timeout = timeout;
  return options;
}

std::string text_of(PluginDriver& plugin, const std::string& action, const std::string& payload) {
  return plugin.call(action, payload).text;
}

// The value of a field of INFO, asked by the plugin itself.
std::string info(PluginDriver& plugin, const std::string& section, const std::string& field) {
  const std::string text = text_of(plugin, "command", R"({"args":["INFO",")" + section + "\"]}");
  const size_t at = text.find(field + ":");
  REQUIRE(at != std::string::npos);
  const size_t begin = at + field.size() + 1;
  return text.substr(begin, text.find('\\', begin) - begin);
}

// Somebody who listens to a channel.
class Subscriber {
 public:
  Subscriber(int port, const std::string& channel)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{60, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    const std::string command = "SUBSCRIBE " + channel + "\r\n";
    REQUIRE(write(fd_, command.data(), command.size()) == static_cast<ssize_t>(command.size()));
    wait_for(":1\r\n");
  }
  ~Subscriber() { close(fd_); }

  void wait_for(const std::string& text) {
    while (heard_.find(text) == std::string::npos) {
      char buffer[4'096];
      const ssize_t got = read(fd_, buffer, sizeof buffer);
      REQUIRE(got > 0);
      heard_.append(buffer, static_cast<size_t>(got));
    }
  }

 private:
  int fd_;
  std::string heard_;
};

// ── a Redis of its own ──

TEST_CASE("publish reaches who listens, and counts them") {
  RedisServer server;
  PluginDriver plugin("redis.so", config_at(server.port(), R"(,"prefix":"app:")"));
  CHECK(text_of(plugin, "publish", R"({"channel":"news","message":"nobody hears"})") == "0");
  Subscriber one(server.port(), "app:news"), other(server.port(), "app:news");
  CHECK(text_of(plugin, "publish", R"({"channel":"news","message":"hello"})") == "2");
  one.wait_for("$5\r\nhello\r\n");
  other.wait_for("$5\r\nhello\r\n");
  CHECK(text_of(plugin, "publish", R"({"channel":"news","message":"AP8=","binary":true})") == "2");
  one.wait_for(std::string("$2\r\n\0\xff\r\n", 8));
}

TEST_CASE("users, passwords and databases are said when a connection begins") {
  RedisServer server(
      {"--requirepass", "opensesame", "--user", "ali", "on", ">secret", "~*", "+@all"});
  const TempFolder folder;
  const std::string file = folder.write("password", "opensesame\n");
  const std::string port = std::to_string(server.port());
  for (const std::string& config :
       {R"({"url":"redis://:opensesame@127.0.0.1:)" + port + "/3\"}",
        R"({"url":"redis://ali:secret@127.0.0.1:)" + port + "/3\"}",
        config_at(server.port(), R"(,"database":3,"password":"opensesame")"),
        config_at(server.port(), R"(,"database":3,"user":"ali","password":"secret")"),
        config_at(server.port(), R"(,"database":3,"password_file":")" + file + "\"")}) {
    INFO(config);
    PluginDriver plugin("redis.so", config);
    CHECK(plugin.call("incr", R"({"key":"n"})").ok);
  }
  PluginDriver plugin("redis.so",
                      config_at(server.port(), R"(,"database":3,"password":"opensesame")"));
  CHECK(text_of(plugin, "get", R"({"key":"n"})") == R"("5")");

  PluginDriver without("redis.so", config_at(server.port()));
  CHECK_THAT(text_of(without, "get", R"({"key":"n"})"), StartsWith("Redis: NOAUTH"));
  PluginDriver wrong("redis.so", config_at(server.port(), R"(,"password":"hunter2")"));
  const std::string why = text_of(wrong, "get", R"({"key":"n"})");
  CHECK_THAT(why, Contains("it refuses us: Redis: WRONGPASS"));
  CHECK_THAT(why, !Contains("hunter2"));
  PluginDriver beyond("redis.so",
                      config_at(server.port(), R"(,"database":99,"password":"opensesame")"));
  CHECK_THAT(text_of(beyond, "get", R"({"key":"n"})"), Contains("refuses us: Redis: ERR DB index"));
}

TEST_CASE("a unix socket is as good as a port") {
  const TempFolder folder;
  const std::string socket = (folder / "redis.sock").string();
  RedisServer server({"--unixsocket", socket});
  PluginDriver by_key("redis.so", R"({"socket":")" + socket + "\"}");
  CHECK(text_of(by_key, "incr", R"({"key":"n"})") == "1");
  PluginDriver by_url("redis.so", R"({"url":"unix://)" + socket + "?db=0\"}");
  CHECK(text_of(by_url, "incr", R"({"key":"n"})") == "2");
}

TEST_CASE("connections are kept, and are never more than the calls that may run at once") {
  RedisServer server;
  PluginDriver plugin("redis.so", config_at(server.port(), R"(,"commands":["INFO"])"));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) plugin.call("incr", R"({"key":"n"})");
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(text_of(plugin, "get", R"({"key":"n"})") == R"("800")");
  CHECK(std::stoi(info(plugin, "stats", "total_connections_received")) <= 4);
}

TEST_CASE("a Redis that went away is missed at once, and found again when it is back") {
  RedisServer server;
  PluginDriver plugin("redis.so", config_at(server.port()));
  CHECK(text_of(plugin, "set", R"({"key":"k","value":"v"})") == "true");
  server.kill_hard();
  for (int i = 0; i < 20; ++i) {
    const PluginAnswer answer = plugin.call("get", R"({"key":"k"})");
    CHECK_FALSE(answer.ok);
    CHECK_THAT(answer.text, StartsWith("no answer from Redis: "));
  }
  server.restart();
  CHECK(eventually([&] { return plugin.call("get", R"({"key":"k"})").ok; }));
  CHECK_THAT(plugin.logged(), Contains("answers again"));
  // It was not there for a while: one line in the log, however many calls there were.
  const std::string log = plugin.logged();
  CHECK(log.find("no answer") == log.rfind("no answer"));
}

TEST_CASE("a connection that the server closed while it was idle is replaced without a word") {
  RedisServer server;
  PluginDriver plugin("redis.so", config_at(server.port()));
  for (int i = 0; i < 5; ++i) {  // it forgets when it ends
    CHECK(text_of(plugin, "incr", R"({"key":"n"})") == "1");
    server.kill_hard();
    server.restart();
  }
}

TEST_CASE("a command whose answer is lost is not sent again") {
  RedisServer server;
  TcpProxy proxy(server.port());
  PluginDriver direct("redis.so", config_at(server.port()));
  PluginDriver plugin("redis.so", config_at(proxy.port()), with_timeout(2s));
  CHECK(text_of(plugin, "incr", R"({"key":"n"})") == "1");

  proxy.set(TcpProxy::Mode::kDropAnswers);
  CHECK_THAT(text_of(plugin, "incr", R"({"key":"n"})"),
             Contains("it takes too long; it is not known whether the command was carried out"));
  proxy.set(TcpProxy::Mode::kForward);
  CHECK(text_of(direct, "get", R"({"key":"n"})") == R"("2")");
  // On another connection: the lost answer must not come now.
  CHECK(text_of(plugin, "get", R"({"key":"other"})") == "null");
  CHECK(text_of(plugin, "incr", R"({"key":"n"})") == "3");
}

TEST_CASE("who no longer waits is not waited for") {
  RedisServer server;
  PluginDriver plugin("redis.so", config_at(server.port()));
  CHECK_THAT(plugin.call_abandoned("get", R"({"key":"k"})").text,
             Contains("the call's time is over"));
  CHECK(text_of(plugin, "get", R"({"key":"k"})") == "null");
  CHECK(plugin.logged() == "");
}

// ── what is no Redis ──

using Act = ScriptedServer::Act;

// The plugin's answer when the server answers every command with this.
std::string said_to(const Act& act, PluginDriver::Options options = {}) {
  ScriptedServer server([&](int, const std::string&) { return act; });
  PluginDriver plugin("redis.so", config_at(server.port()), options);
  return text_of(plugin, "get", R"({"key":"k"})");
}

TEST_CASE("a server that never answers costs a call its time and no more") {
  ScriptedServer server([](int, const std::string&) { return Act{}; });
  PluginDriver plugin("redis.so", config_at(server.port()), with_timeout(1s));
  for (int i = 1; i <= 2; ++i) {
    CHECK_THAT(text_of(plugin, "get", R"({"key":"k"})"), Contains("it takes too long"));
    CHECK(server.connections() == i);  // each on a connection of its own
  }
  PluginDriver greeted("redis.so",
                       config_at(server.port(), R"(,"password":"p","connect_timeout":"1s")"));
  CHECK_THAT(text_of(greeted, "get", R"({"key":"k"})"), Contains("it takes too long"));
}

// A port on which connecting takes for ever: what waits to be accepted there is full.
class FullDoor {
 public:
  FullDoor() {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(bind(fds_[0], reinterpret_cast<const sockaddr*>(&address_), size) == 0);
    REQUIRE(listen(fds_[0], 0) == 0);
    REQUIRE(getsockname(fds_[0], reinterpret_cast<sockaddr*>(&address_), &size) == 0);
    while (knock()) REQUIRE(fds_.size() < 64);
  }
  ~FullDoor() {
    for (const int fd : fds_) close(fd);
  }
  int port() const { return ntohs(address_.sin_port); }

 private:
  // False when it was not let in.
  bool knock() {
    fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    connect(fds_.back(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    pollfd waited{fds_.back(), POLLOUT, 0};
    return poll(&waited, 1, 500) == 1;
  }

  sockaddr_in address_{};
  std::vector<int> fds_;
};

TEST_CASE(
    "a server that does not even accept costs a call the time of connecting, and the next none") {
  const FullDoor door;
  PluginDriver plugin("redis.so", config_at(door.port(), R"(,"connect_timeout":"300ms")"));
  for (int i = 0; i < 10; ++i) {
    const PluginAnswer answer = plugin.call("get", R"({"key":"k"})");
    CHECK_FALSE(answer.ok);
    CHECK_THAT(answer.text, Contains("timed out"));
  }
}

TEST_CASE("a server that takes nothing in costs a call its time and no more") {
  ScriptedServer server([](int, const std::string&) {
    return Act{"", ":1\r\n"};  // it only speaks, and reads no more
  });
  const std::string payload =
      R"({"key":"k","value":")" + std::string(16 << 20, 'x') + "\"}";  // more than sockets hold
  // Where reading the payload alone took longer, with more time.
  std::string why = "the call's time is over";
  for (auto timeout = 500ms; timeout < 1min && why.ends_with("time is over"); timeout *= 2) {
    PluginDriver plugin("redis.so", config_at(server.port(), R"(,"max_value":"64M")"),
                        with_timeout(timeout));
    why = text_of(plugin, "set", payload);
  }
  CHECK_THAT(why, Contains("does not take the command in time; the command was not carried out"));
}

TEST_CASE("an answer that ends half way is none") {
  for (const char* half : {"", "$5\r\nhel", "*2\r\n:1\r\n", "+OK", "*2\r\n$3\r\nabc\r\n$"}) {
    INFO(half);
    ScriptedServer server([&](int, const std::string&) { return Act{half, {}, true}; });
    PluginDriver plugin("redis.so", config_at(server.port()));
    CHECK_THAT(text_of(plugin, "incr", R"({"key":"k"})"),
               Contains("it is not known whether the command was carried out"));
    CHECK(server.requests() == 1);  // never sent again
  }
}

TEST_CASE("what is not Redis's protocol is said to be none") {
  for (const char* other :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "$x\r\n", "*-7\r\n", ":one\r\n", "*99999999999\r\n",
        "$-5\r\n", "\r\n", "%1\r\n", "$99999999999999999999\r\n"}) {
    INFO(other);
    CHECK_THAT(said_to({other}), Contains("does not speak Redis's protocol"));
  }
  CHECK_THAT(said_to({":1\r\n:2\r\n"}), Contains("more than one answer came"));
  CHECK(said_to({"-ODD \x01\xff words\r\n"}) == "Redis: ODD ?? words");
  CHECK(said_to({"-" + std::string(10'000, 'x') + "\r\n"}).size() == 507);
}

TEST_CASE("arrays as deep as a well are refused") {
  std::string deep;
  for (int i = 0; i < 1'000; ++i) deep += "*1\r\n";
  CHECK_THAT(said_to({deep + ":1\r\n"}), Contains("arrays in arrays deeper than 8"));
}

TEST_CASE("an answer without an end is read up to a bound") {
  PluginDriver::Options options;
  options.max_answer_bytes = 64 << 10;
  const std::string kilobyte(1'024, 'x');
  std::string numbers, empties, nils;
  for (int i = 0; i < 256; ++i) numbers += ":1\r\n", empties += "*0\r\n", nils += "$-1\r\n";
  struct Case {
    const char* start;
    std::string rest;
  };
  for (const Case& one :
       {Case{"$2000000000\r\n", kilobyte}, Case{"$9223372036854775807\r\n", kilobyte},
        Case{"+", kilobyte}, Case{"-", kilobyte}, Case{"$1", "1"}, Case{":1", "1"},
        Case{"*2147483647\r\n", numbers}, Case{"*2147483647\r\n", empties},
        Case{"*2147483647\r\n", nils},
        Case{"*2147483647\r\n*2147483647\r\n*2147483647\r\n*2147483647\r\n*2147483647\r\n",
             numbers}}) {
    INFO(one.start << one.rest.substr(0, 8) << "…");
    ScriptedServer server([&](int, const std::string&) { return Act{one.start, one.rest}; });
    PluginDriver plugin("redis.so", config_at(server.port()), options);
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    const PluginAnswer answer = plugin.call("get", R"({"key":"k"})");
    getrusage(RUSAGE_SELF, &after);
    CHECK_FALSE(answer.ok);
    CHECK(after.ru_maxrss - before.ru_maxrss < 32 << 10);  // KiB: far less than was announced
    CHECK(server.sent() < size_t{64} << 20);               // sockets have buffers, too
  }
}

}  // namespace
}  // namespace sluice::test
