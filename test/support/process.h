// Real processes under test. Each belongs to the object that started it and is gone when that is:
// killed by its pid, and by the kernel should the test itself die.
#pragma once

#include <sys/types.h>

#include <csignal>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

// A folder that is removed at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::string write(const std::string& name, const std::string& text) const;  // answers the path

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::filesystem::path& path);

struct Exit {
  int code = -1;  // 128 + signal when killed
  std::string out;
  std::string err;
};

using Environment = std::vector<std::string>;  // "NAME=value", added to the test's own

// Runs a program to its end.
Exit run_program(const std::vector<std::string>& arguments, const std::string& input = "",
                 const Environment& environment = {});

// The programs under test, in the build tree.
std::string program(const std::string& name);

// A program that goes on running.
class Program {
 public:
  // Starts it, and waits until its standard output has `ready` (empty: does not wait).
  Program(const std::vector<std::string>& command, const Environment& environment,
          const std::string& ready);
  virtual ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  bool alive() const;
  const std::string& said() const { return said_; }  // its standard output until it was ready
  std::vector<pid_t> children() const;

  std::string log() const;                      // what it wrote to stderr so far
  bool log_has(const std::string& text) const;  // waits for it

  void signal(int number);
  void pause() { signal(SIGSTOP); }
  void resume() { signal(SIGCONT); }
  int wait();        // its exit code, 128 + signal when killed
  int stop();        // SIGTERM, then wait
  void kill_hard();  // SIGKILL, then wait

 private:
  pid_t pid_ = -1;
  int stdout_ = -1;
  std::string said_;
  TempFolder logs_;
};

// A program of sluice that says "Listening on http://…".
class HttpProgram : public Program {
 public:
  explicit HttpProgram(const std::vector<std::string>& command,
                       const Environment& environment = {});

  const std::string& url() const { return url_; }  // "http://127.0.0.1:PORT"
  int port() const;

 private:
  std::string url_;
};

// `sluice serve` on a free port; extra arguments follow `serve --listen 127.0.0.1:0 --data DATA`.
class Server : public HttpProgram {
 public:
  explicit Server(const std::filesystem::path& data, std::vector<std::string> arguments = {},
                  Environment environment = {});
  std::vector<pid_t> workers() const { return children(); }
};

// Waits until `condition` holds; false after a minute, which only a hang reaches.
template <class Condition>
bool eventually(Condition condition, std::chrono::seconds limit = std::chrono::seconds(60)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    struct timespec pause = {0, 5'000'000};
    nanosleep(&pause, nullptr);
  }
  return true;
}

}  // namespace sluice::test
