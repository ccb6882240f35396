// The client with names that lead where a test says: rebinding, lookups that hang, many at once.
#include "plugins/http/client.h"

#include <dlfcn.h>
#include <netdb.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <set>

#include "calls.h"
#include "test/support/scripted_server.h"

namespace {

// Name lookups under ".hang.test" wait until they are let go. libcurl finds this one before libc's.
struct Lookups {
  std::mutex mutex;
  std::condition_variable changed;
  bool held = false;
  int waiting = 0;
};
Lookups& lookups() {
  static Lookups lookups;
  return lookups;
}

void hold_lookups(bool held) {
  const std::lock_guard lock(lookups().mutex);
  lookups().held = held;
  lookups().changed.notify_all();
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* name,
                                                                  const char* service,
                                                                  const addrinfo* hints,
                                                                  addrinfo** found) {
  static const auto real =
      reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (name == nullptr || std::strstr(name, ".hang.test") == nullptr)
    return real(name, service, hints, found);
  Lookups& all = lookups();
  std::unique_lock lock(all.mutex);
  ++all.waiting;
  all.changed.notify_all();
  all.changed.wait_for(lock, std::chrono::minutes(2), [&] { return !all.held; });
  --all.waiting;
  all.changed.notify_all();
  return EAI_NONAME;
}

namespace sluice::http {
namespace {

using Catch::Matchers::Contains;
using test::OneCall;
using test::ScriptedServer;

Settings settings_for(const std::string& hosts, std::vector<std::string> resolve = {},
                      const std::string& more = "") {
  Settings settings = parse_settings("{" + hosts + more + "}", 1 << 20);
  settings.resolve = std::move(resolve);
  return settings;
}

std::string at(const ScriptedServer& server, const std::string& name) {
  return name + ":" + std::to_string(server.port());
}

void send(Client& client, const Settings& settings, OneCall& call, const std::string& url,
          const std::string& more = "") {
  client.send(std::make_unique<Transfer>(
      settings, parse_request(R"({"url":")" + url + "\"" + more + "}", settings, "GET"),
      call.reply()));
}

std::string fetch(const Settings& settings, const std::string& url) {
  Client client(settings);
  OneCall call;
  send(client, settings, call, url);
  return call.text();
}

TEST_CASE("a listed name that leads to this machine is not connected to") {
  const ScriptedServer server(test::always(test::answer(200, "secret")));
  const std::string host = at(server, "rebind.example");
  const Settings settings = settings_for(R"("hosts":[")" + host + "\"]", {host + ":127.0.0.1"});
  CHECK(fetch(settings, "http://" + host + "/") ==
        "the address 127.0.0.1 of 'rebind.example' is of this machine (loopback); the plugin's "
        "configuration does not list it");
  CHECK(server.connections() == 0);
}

TEST_CASE("a name leads to this machine where the configuration says so") {
  const ScriptedServer server(test::always(test::answer(200, "hello")));
  const std::string host = at(server, "intra.example");
  const std::vector<std::string> resolve = {host + ":127.0.0.1"};
  CHECK_THAT(fetch(settings_for(R"("private_hosts":[")" + host + "\"]", resolve), "http://" + host),
             Contains("hello"));
  CHECK_THAT(fetch(settings_for(R"("hosts":[")" + host + R"(","127.0.0.0/8"])", resolve),
                   "http://" + host),
             Contains("hello"));
}

TEST_CASE("of several addresses only those that are in order are tried") {
  const ScriptedServer server(test::always(test::answer(200, "hello")));
  const std::string host = at(server, "mixed.example");
  const Settings settings = settings_for(R"("hosts":[")" + host + R"(","127.0.0.1"])",
                                         {host + ":10.0.0.1,169.254.169.254,127.0.0.1"});
  CHECK_THAT(fetch(settings, "http://" + host), Contains("hello"));
  const Settings other =
      settings_for(R"("hosts":[")" + host + "\"]", {host + ":10.0.0.1,169.254.169.254,127.0.0.1"});
  CHECK_THAT(fetch(other, "http://" + host), Contains("does not list it"));
  CHECK(server.connections() == 1);
}

TEST_CASE("a redirect to a name that leads to this machine is not followed there") {
  const ScriptedServer inside(test::always(test::answer(200, "secret")));
  const std::string target = at(inside, "rebind.example");
  const ScriptedServer outside(test::redirect_to("http://" + target + "/"));
  const std::string first = at(outside, "first.example");
  const Settings settings =
      settings_for(R"("private_hosts":[")" + first + R"("],"hosts":[")" + target + "\"]",
                   {first + ":127.0.0.1", target + ":127.0.0.1"});
  CHECK_THAT(fetch(settings, "http://" + first + "/"), Contains("127.0.0.1 of 'rebind.example'"));
  CHECK(inside.connections() == 0);
  CHECK(outside.connections() == 1);
}

TEST_CASE("a name that does not exist is told as that") {
  // RFC 6761: never there. Without a name server it fails as well.
  const Settings settings = settings_for(R"("hosts":["nowhere.hang.test"])");
  CHECK(fetch(settings, "http://nowhere.hang.test/") ==
        "could not resolve the name 'nowhere.hang.test'");
}

TEST_CASE("a lookup that hangs holds up nothing but its own call, and not that one for long") {
  const ScriptedServer server(test::always(test::answer(200, "hello")));
  hold_lookups(true);
  Settings settings = settings_for(R"("hosts":["*.hang.test","127.0.0.1:*"])");
  settings.max_left_lookups = 2;
  {
    Client client(settings);
    OneCall first, second, third, other;
    send(client, settings, first, "http://a.hang.test/", R"(,"timeout_ms":30)");
    send(client, settings, second, "http://b.hang.test/", R"(,"timeout_ms":30)");
    CHECK(first.text() == "timed out after 30 ms, looking up the name 'a.hang.test'");
    CHECK_THAT(second.text(), Contains("looking up the name"));
    send(client, settings, third, "http://c.hang.test/", R"(,"timeout_ms":30)");
    CHECK_THAT(third.text(), Contains("too many lookups of names hang"));
    send(client, settings, other, server.url());
    CHECK(other.ok());

    // Once they end, there is room again.
    {
      std::unique_lock lock(lookups().mutex);
      CHECK(lookups().waiting == 2);
      lookups().held = false;
      lookups().changed.notify_all();
      CHECK(lookups().changed.wait_for(lock, std::chrono::minutes(1),
                                       [] { return lookups().waiting == 0; }));
      lookups().held = true;
    }
    CHECK(test::comes_true([&] {
      OneCall again;
      send(client, settings, again, "http://d.hang.test/", R"(,"timeout_ms":1)");
      return again.text().find("too many") == std::string::npos;
    }));

    // The client may go while one hangs.
    OneCall last;
    send(client, settings, last, "http://e.hang.test/", R"(,"timeout_ms":1)");
    CHECK_FALSE(last.ok());
  }
  // One that has only begun by now is not held either.
  hold_lookups(false);
  std::unique_lock lock(lookups().mutex);
  CHECK(lookups().changed.wait_for(lock, std::chrono::minutes(1),
                                   [] { return lookups().waiting == 0; }));
}

TEST_CASE("fifty calls are under way at once, all on one thread") {
  constexpr size_t kCalls = 50;
  std::atomic<size_t> there{0};
  // Nobody is answered before all are there.
  const ScriptedServer server([&](const test::Heard&, ScriptedServer::Peer& peer) {
    ++there;
    if (test::comes_true([&] { return there >= kCalls; })) peer.send(test::answer(200, "hello"));
  });
  const Settings settings = settings_for(R"("hosts":["127.0.0.1:*"],"connections_per_host":50)");
  Client client(settings);
  std::vector<OneCall> calls(kCalls);
  for (OneCall& call : calls) send(client, settings, call, server.url());
  std::set<std::thread::id> threads;
  for (OneCall& call : calls) {
    CHECK(call.ok());
    threads.insert(call.by());
  }
  CHECK(threads.size() == 1);
  CHECK(server.connections() == kCalls);
}

TEST_CASE("no host gets more connections than it may have, and they are used again") {
  const ScriptedServer server(test::always(test::answer(200, "hello")));
  const Settings settings = settings_for(R"("hosts":["127.0.0.1:*"],"connections_per_host":3)");
  Client client(settings);
  std::vector<OneCall> calls(30);
  for (OneCall& call : calls) send(client, settings, call, server.url());
  for (OneCall& call : calls) CHECK(call.ok());
  CHECK(server.connections() <= 3);
}

TEST_CASE("what is under way when the client goes is answered") {
  std::atomic<size_t> there{0};
  const ScriptedServer server([&](const test::Heard&, ScriptedServer::Peer& peer) {
    ++there;
    peer.hang();
  });
  const Settings settings = settings_for(R"("hosts":["127.0.0.1:*"],"connections_per_host":2)");
  std::vector<OneCall> calls(5);  // two reach the server, three wait for a connection
  {
    Client client(settings);
    for (OneCall& call : calls) send(client, settings, call, server.url());
    CHECK(test::comes_true([&] { return there == 2; }));
  }
  for (OneCall& call : calls) {
    CHECK_FALSE(call.ok());
    CHECK(call.text() == "the plugin is being closed");
  }
  CHECK(test::comes_true([&] { return server.open() == 0; }));
}

TEST_CASE("a call that nobody waits for is ended, and its connection with it") {
  std::atomic<size_t> there{0};
  const ScriptedServer server([&](const test::Heard&, ScriptedServer::Peer& peer) {
    ++there;
    peer.hang();
  });
  const Settings settings = settings_for(R"("hosts":["127.0.0.1:*"])");
  Client client(settings);
  OneCall call;
  send(client, settings, call, server.url());
  CHECK(test::comes_true([&] { return there == 1; }));
  CHECK_FALSE(call.answered());
  call.abandon();
  CHECK_THAT(call.text(), Contains("nobody waits"));
  CHECK(test::comes_true([&] { return server.open() == 0; }));
}

}  // namespace
}  // namespace sluice::http
