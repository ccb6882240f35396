// kv_child FILE ANSWERED: writes without end from four threads, and notes in ANSWERED what was
// answered:
// "<key> <version>", each line in one write. It ends by being killed, or after two minutes.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "plugins/kv/store.h"

using namespace sluice;

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int answered = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (answered < 0) return 2;
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  kv::StoreOptions options;
  options.path = argv[1];
  options.now = [] { return int64_t{1}; };
  options.log_error = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  kv::Store store(std::move(options));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string mine = std::to_string(getpid()) + "." + std::to_string(t) + ".";
      for (int i = 0; std::chrono::steady_clock::now() < end; ++i) {
        const std::string key = mine + std::to_string(i);
        const auto outcome = store.set({key, "\"" + key + "\"", {}, {}}, end);
        store.incr("sum", 1, {}, end);
        const std::string line = key + " " + std::to_string(outcome.version) + "\n";
        if (write(answered, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
          _exit(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 3;
}
