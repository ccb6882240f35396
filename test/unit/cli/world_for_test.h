// A machine for slcli to run on: a server that answers what the test says, and everything else in
// memory.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cli/app.h"
#include "cli/command.h"

namespace sluice::cli::test {

// What the server is asked, and what it answers.
struct FakeServer {
  // Answers in turn; the last one again and again. Without any: nobody is there.
  std::deque<Response> answers;
  std::vector<Request> requests;
  std::vector<std::string> urls;  // of each client that was made

  Result<Response> answer(const Request& request);
};

Response response(int status, std::string body, std::map<std::string, std::string> headers = {});

// A folder of the test's own, removed at its end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name = {}) const {
    return path_ + (name.empty() ? "" : "/" + name);
  }
  // Writes a file, and gives its path.
  std::string file(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

std::string content_of(const std::string& path);

struct Ran {
  int exit = -1;
  std::string out;
  std::string err;
};

// One machine; each call is a new process to slcli.
class Machine {
 public:
  FakeServer server;
  std::map<std::string, std::string> environment = {{"SLCLI_URL", "http://fake:1"}};
  std::string input;  // standard input
  // What is typed where nothing is shown; empty: standard input is no terminal.
  std::function<std::optional<std::string>(const std::string& prompt)> read_hidden;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  std::vector<std::chrono::milliseconds> slept;
  // Called when slcli asks for a client; a FakeServer's by default.
  std::function<std::unique_ptr<Client>(const ServerUrl&)> client_for;

  Ran run(const std::vector<std::string>& words);
};

}  // namespace sluice::cli::test
