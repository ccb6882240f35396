// A loop with clients on it: the tests' thread runs both ends, so nothing waits for a clock.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "base/loop.h"
#include "queue/local/local_queue.h"
#include "store/memory/memory_store.h"
#include "test/support/fakes_api.h"

namespace sluice::test {

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& name) const;
};

// Takes one whole response off the front of `bytes`; nullopt while it is incomplete.
std::optional<HttpReply> take_reply(std::string& bytes, bool to_head = false);

// A client's end of a connection, never blocking.
class Client {
 public:
  Client(Loop& loop, int port, const char* from = "127.0.0.1");
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view bytes);  // all of it, turning the loop meanwhile
  void shut_down();                   // sends no more
  void close();
  void reset();  // closes with a RST

  // Turns the loop until a response is there, or the connection has ended (status 0).
  HttpReply reply(bool to_head = false);
  HttpReply ask(std::string_view bytes);
  // Turns the loop until the server has closed; what came until then.
  std::string rest();

  // Turns the loop until nothing more happens at once.
  void settle(int turns = 20);
  bool ended() const { return ended_; }
  std::string& received() { return received_; }
  void stop_reading() { reading_ = false; }
  void go_on_reading() { reading_ = true; }

 private:
  void turn();

  Loop& loop_;
  int fd_ = -1;
  std::string received_;
  bool ended_ = false;
  bool reading_ = true;
};

// Turns the loop until `condition` holds; false after a time that only a hang takes.
bool turn_until(Loop& loop, const std::function<bool()>& condition);

std::string request(std::string_view method, std::string_view target, std::string_view body = {},
                    std::string_view headers = {});

// The whole API on memory backends.
struct World {
  explicit World(api::ApiOptions options = {});

  HttpReply ask(std::string_view method, std::string_view target, std::string_view body = {},
                std::string_view headers = {});
  HttpReply create(const std::string& name, const std::string& source = "function main() end",
                   const std::string& more = "");

  Loop loop;
  ManualClock clock;
  Log log{LogOptions{LogLevel::kOff, false, false}};
  Metrics metrics;
  MemoryStore memory{loop, clock};
  HeldStore store{memory};
  LocalQueue queue{loop};
  FakeCompiler compiler{loop};
  Seal seal{SealKey::random()};
  FakeRunner runner{loop, store, queue, clock};
  std::optional<api::Api> api;
};

}  // namespace sluice::test
