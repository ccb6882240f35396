#include "test/support/databases.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

namespace sluice::test {
namespace {

// Where the shell would find it; empty: nowhere.
std::string on_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string rest = path ? path : "";
  while (!rest.empty()) {
    const size_t colon = rest.find(':');
    const std::string file = rest.substr(0, colon) + "/" + name;
    if (access(file.c_str(), X_OK) == 0) return file;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return {};
}

std::string needed(const std::string& name) {
  const std::string file = on_path(name);
  if (file.empty()) FAIL(name << " is not installed: run scripts/services up once");
  return file;
}

}  // namespace

// Not one that the kernel gives to outgoing connections, as it would for port 0: those may take it
// while a server of ours is down, and it could not come back.
int free_port() {
  static std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int> some(20'000, 32'000);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool found = false;
  for (int i = 0; i < 1'000 && !found; ++i) {
    address.sin_port = htons(static_cast<uint16_t>(some(random)));
    found = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  close(fd);
  REQUIRE(found);
  return ntohs(address.sin_port);
}

void Database::start_first(const std::string& scheme, int port) {
  port_ = port;
  url_ = scheme + "://127.0.0.1:" + std::to_string(port);
  process_ = start(port);
}

void Database::restart() {
  process_.reset();
  process_ = start(port_);
}

RedisServer::RedisServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  start_first("redis", free_port());
}

std::unique_ptr<Program> RedisServer::start(int port) {
  std::vector<std::string> command = {needed("redis-server"),
                                      "--port",
                                      std::to_string(port),
                                      "--bind",
                                      "127.0.0.1",
                                      "--dir",
                                      data_.path().string(),
                                      "--save",
                                      "",
                                      "--appendonly",
                                      "no"};
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  return std::make_unique<Program>(command, Environment{}, "Ready to accept connections");
}

MongoServer::MongoServer() {
  start_first("mongodb", free_port());
}

std::unique_ptr<Program> MongoServer::start(int port) {
  const std::string number = std::to_string(port);
  if (const std::string mongod = on_path("mongod"); !mongod.empty()) {
    return std::make_unique<Program>(
        std::vector<std::string>{mongod, "--bind_ip", "127.0.0.1", "--port", number, "--dbpath",
                                 data_.path().string()},
        Environment{}, "Waiting for connections");
  }
  const std::string jar = SLUICE_SOURCE_DIR "/test/support/mongo-server/target/mongo-server.jar";
  if (!std::filesystem::exists(jar))
    FAIL("there is no " << jar << ": run scripts/services up once");
  return std::make_unique<Program>(
      std::vector<std::string>{needed("java"), "-Xmx256m", "-XX:+UseSerialGC", "-jar", jar,
                               "--port", number, "--data", (data_ / "data").string()},
      Environment{}, "Listening on");
}

}  // namespace sluice::test
