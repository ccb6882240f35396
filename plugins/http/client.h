// All transfers of the plugin, on one thread of its own.
#pragma once

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "plugins/http/curl.h"
#include "plugins/http/transfer.h"

namespace sluice::http {

class Client {
 public:
  // `settings` outlives it. Throws std::exception.
  explicit Client(const Settings& settings);
  ~Client();  // what is under way is answered
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // From any thread; never blocks.
  void send(std::unique_ptr<Transfer> transfer);

 private:
  using Clock = Transfer::Clock;

  void run();
  std::vector<std::unique_ptr<Transfer>> take_inbox();
  void start(std::unique_ptr<Transfer> transfer);
  bool begin_hop(Transfer& transfer);
  void take_finished();
  void give_up_late();
  void end(Transfer& transfer);
  int pause() const;
  void stop();

  const Settings& settings_;
  std::mutex mutex_;  // of these two
  std::vector<std::unique_ptr<Transfer>> inbox_;
  bool stopping_ = false;

  // The thread's.
  Multi multi_;
  std::vector<std::unique_ptr<Transfer>> transfers_;

  std::thread thread_;
};

}  // namespace sluice::http
