// The Redis URL: what it may look like, and what is said when it does not.
#include "queue/redis/redis_url.h"

#include <catch2/catch.hpp>

using namespace sluice;
using redis::Address;
using redis::parse_url;

namespace {

Address parsed(const std::string& url) {
  const auto address = parse_url(url);
  INFO(url);
  if (!address.ok()) FAIL(address.error().text());
  return *address;
}

std::string refused(const std::string& url) {
  const auto address = parse_url(url);
  INFO(url);
  REQUIRE_FALSE(address.ok());
  CHECK(address.error().code == Code::kInvalid);
  CHECK(address.error().operation == "redis.url");
  return address.error().message;
}

}  // namespace

TEST_CASE("redis url: a host alone has Redis's own port and database") {
  const Address address = parsed("redis://db.example");
  CHECK(address.host == "db.example");
  CHECK(address.port == 6379);
  CHECK(address.database == 0);
  CHECK(address.user.empty());
  CHECK(address.password.empty());
  CHECK(address.socket.empty());
  CHECK(parsed("redis://db.example/").database == 0);
}

TEST_CASE("redis url: everything at once") {
  const Address address = parsed("redis://app:s3cret@db.example:6380/12");
  CHECK(address.host == "db.example");
  CHECK(address.port == 6380);
  CHECK(address.database == 12);
  CHECK(address.user == "app");
  CHECK(address.password == "s3cret");
}

TEST_CASE("redis url: a password needs no user") {
  const Address address = parsed("redis://:s3cret@localhost");
  CHECK(address.user.empty());
  CHECK(address.password == "s3cret");
}

TEST_CASE("redis url: user and password may hold what is percent-encoded, and an '@'") {
  const Address address = parsed("redis://a%3Ab:p%40s%2fs%25@h");
  CHECK(address.user == "a:b");
  CHECK(address.password == "p@s/s%");
  CHECK(parsed("redis://:a@b:c@h").password == "a@b:c");
}

TEST_CASE("redis url: an IPv6 address stands in brackets") {
  const Address address = parsed("redis://[::1]:7000/3");
  CHECK(address.host == "::1");
  CHECK(address.port == 7000);
  CHECK(address.database == 3);
  CHECK(parsed("redis://[fe80::2]").port == 6379);
}

TEST_CASE("redis url: a unix socket, with a database and a password") {
  const Address plain = parsed("unix:///run/redis.sock");
  CHECK(plain.socket == "/run/redis.sock");
  CHECK(plain.host.empty());
  CHECK(plain.database == 0);

  const Address full = parsed("unix://app:s3cret@/run/my%20redis.sock?db=4");
  CHECK(full.socket == "/run/my redis.sock");
  CHECK(full.user == "app");
  CHECK(full.password == "s3cret");
  CHECK(full.database == 4);
}

TEST_CASE("redis url: its text for logs is whole, but for user and password") {
  CHECK(parsed("redis://app:s3cret@h:1/2").text() == "redis://h:1/2");
  CHECK(parsed("redis://[::1]").text() == "redis://[::1]:6379/0");
  CHECK(parsed("unix://app:s3cret@/run/r.sock?db=4").text() == "unix:///run/r.sock?db=4");
}

TEST_CASE("redis url: TLS is refused with the reason and a way out") {
  const std::string message = refused("rediss://:s3cret@h:6379");
  CHECK(message.find("TLS") != std::string::npos);
  CHECK(message.find("tunnel") != std::string::npos);
}

TEST_CASE("redis url: what is wrong is named") {
  struct Case {
    const char* url;
    const char* says;
  };
  const Case cases[] = {
      {"", "must begin with redis:// or unix://"},
      {"localhost:6379", "must begin with"},
      {"http://localhost", "must begin with"},
      {"REDIS://localhost", "must begin with"},
      {"redis://", "names no host"},
      {"redis:///0", "names no host"},
      {"redis://:6379", "names no host"},
      {"redis://:s3cret@", "names no host"},
      {"redis://:s3cret@:6379", "names no host"},
      {"redis://[]:6379", "names no host"},
      {"redis://[::1", "no ']'"},
      {"redis://[::1]6379", "no port after its host"},
      {"redis://h:", "no port after its host"},
      {"redis://h:0", "no port after its host"},
      {"redis://h:65536", "no port after its host"},
      {"redis://h:-1", "no port after its host"},
      {"redis://h:6379x", "no port after its host"},
      {"redis://h:99999999999999999999", "no port after its host"},
      {"redis://::1", "names no host"},
      {"redis://fe80::1", "no port after its host"},
      {"redis://:a/b@h", "written %2F"},
      {"redis://h#0", "takes no options"},
      {"redis://h/x", "must be one, such as 0"},
      {"redis://h/-1", "must be one, such as 0"},
      {"redis://h/1000001", "must be one, such as 0"},
      {"redis://h/0/1", "must be one, such as 0"},
      {"redis://h/0?ssl=true", "takes no options"},
      {"redis://h?db=1", "takes no options"},
      {"redis://app@h", "without a password"},
      {"redis://@h", "without a password"},
      {"redis://app:@h", "empty password"},
      {"redis://:s3%@h", "hexadecimal"},
      {"redis://:s3%zz@h", "hexadecimal"},
      {"unix://", "names no socket"},
      {"unix:///", "names no socket"},
      {"unix://run/redis.sock", "names a host before its socket"},
      {"unix:///run/r%2.sock", "names no socket"},
      {"unix:///run/r.sock?db=x", "must be one, such as 0"},
      {"unix:///run/r.sock?database=1", "the only one is db=N"},
  };
  for (const Case& one : cases) {
    const std::string message = refused(one.url);
    INFO(one.url << " says: " << message);
    CHECK(message.find(one.says) != std::string::npos);
  }
}

// What people forget to encode ends up in other parts of the URL; a message that repeats those
// shows it.
TEST_CASE("redis url: no message shows a password, not even a part of one") {
  const char* urls[] = {
      "redis://app:hidden/hidden@h:6379/0",
      "redis://:hidden/hidden@h",
      "redis://app:hidden",
      "redis://app:hidden@h:6379/hidden",
      "redis://app:hidden%@h",
      "redis://app:hidden@h:hidden",
      "redis://app:hidden@h/0?p=hidden",
      "redis://h/0?password=hidden",
      "redis://app:hidden?hidden",
      "redis://app:hidden#hidden@",
      "unix://:hidden/hidden@/run/r.sock",
      "unix://app:hidden/run/r.sock",
      "unix:///run/r.sock?password=hidden",
      "unix:///run/r.sock?db=hidden",
      "unix://app:hidden@",
      "rediss://app:hidden@h",
      "hidden",
      "redis:/app:hidden@h",
  };
  for (const char* url : urls) {
    const std::string message = refused(url);
    INFO(url << " says: " << message);
    CHECK(message.find("hidden") == std::string::npos);
  }
}
