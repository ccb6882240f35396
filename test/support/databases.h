// Databases of a test's own, to be killed, frozen and started again. Those that tests share are in
// services.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/support/process.h"

namespace sluice::test {

class Database {
 public:
  virtual ~Database() = default;

  const std::string& url() const { return url_; }
  int port() const { return port_; }
  Program& process() { return *process_; }

  void kill_hard() { process_->kill_hard(); }
  void restart();  // on the same port, with the data that are on its disk

 protected:
  virtual std::unique_ptr<Program> start(int port) = 0;
  void start_first(const std::string& scheme, int port);

  TempFolder data_;
  std::unique_ptr<Program> process_;
  std::string url_;
  int port_ = 0;
};

class RedisServer final : public Database {
 public:
  explicit RedisServer(std::vector<std::string> arguments = {});  // after those that every one has

 private:
  std::unique_ptr<Program> start(int port) override;
  const std::vector<std::string> arguments_;
};

// `mongod` where there is one, else the server that scripts/services builds.
class MongoServer final : public Database {
 public:
  MongoServer();

 private:
  std::unique_ptr<Program> start(int port) override;
};

// A port of 127.0.0.1 that nobody listens on at this moment.
int free_port();

}  // namespace sluice::test
