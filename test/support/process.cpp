#include "test/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace sluice::test {
namespace {

std::vector<char*> c_strings(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

// In the child, between fork and exec.
[[noreturn]] void become(const std::vector<std::string>& arguments,
                         const Environment& environment) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const std::string& entry : environment) putenv(const_cast<char*>(entry.c_str()));
  execv(arguments[0].c_str(), c_strings(arguments).data());
  _exit(127);
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return (path_ / name).string();
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string program(const std::string& name) {
  return std::string(SLUICE_BIN_DIR) + "/" + name;
}

Exit run_program(const std::vector<std::string>& arguments, const std::string& input,
                 const Environment& environment) {
  // Files rather than pipes: no end can wait for the other.
  TempFolder folder;
  folder.write("in", input);
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    dup2(open((folder / "in").c_str(), O_RDONLY), 0);
    dup2(open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0600), 1);
    dup2(open((folder / "err").c_str(), O_WRONLY | O_CREAT, 0600), 2);
    become(arguments, environment);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return {exit_code(status), read_file(folder / "out"), read_file(folder / "err")};
}

Program::Program(const std::vector<std::string>& command, const Environment& environment,
                 const std::string& ready) {
  int out[2];
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  const std::string log_path = (logs_ / "stderr").string();
  pid_ = fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    dup2(out[1], 1);
    dup2(open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
    become(command, environment);
  }
  close(out[1]);
  stdout_ = out[0];

  char buffer[512];
  while (!ready.empty() && said_.find(ready) == std::string::npos) {
    const ssize_t got = read(stdout_, buffer, sizeof buffer);
    if (got <= 0) break;
    said_.append(buffer, static_cast<size_t>(got));
  }
  INFO(command[0] << " said: " << said_ << "\nand logged: " << log());
  REQUIRE(said_.find(ready) != std::string::npos);
}

Program::~Program() {
  if (pid_ > 0) kill_hard();
  if (stdout_ >= 0) close(stdout_);
}

HttpProgram::HttpProgram(const std::vector<std::string>& command, const Environment& environment)
    : Program(command, environment, "\n") {
  const size_t at = said().find("http://");
  INFO("it said: " << said() << "\nand logged: " << log());
  REQUIRE(at != std::string::npos);
  url_ = said().substr(at, said().find_first_of(" \n", at) - at);
}

namespace {

std::vector<std::string> serve_command(const std::filesystem::path& data,
                                       const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {program("sluice"), "serve",  "--listen",
                                      "127.0.0.1:0",     "--data", data.string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

Server::Server(const std::filesystem::path& data, std::vector<std::string> arguments,
               Environment environment)
    : HttpProgram(serve_command(data, arguments), environment) {}

int HttpProgram::port() const {
  return std::atoi(url_.c_str() + url_.rfind(':') + 1);
}

bool Program::alive() const {
  return pid_ > 0 && kill(pid_, 0) == 0;
}

std::vector<pid_t> Program::children() const {
  std::vector<pid_t> pids;
  const std::string tasks = "/proc/" + std::to_string(pid_) + "/task";
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
    std::istringstream children(read_file(task.path() / "children"));
    for (pid_t child; children >> child;) pids.push_back(child);
  }
  return pids;
}

std::string Program::log() const {
  return read_file(logs_ / "stderr");
}

bool Program::log_has(const std::string& text) const {
  return eventually([&] { return log().find(text) != std::string::npos; });
}

void Program::signal(int number) {
  REQUIRE(kill(pid_, number) == 0);
}

int Program::wait() {
  int status = 0;
  REQUIRE(waitpid(pid_, &status, 0) == pid_);
  pid_ = -1;
  return exit_code(status);
}

int Program::stop() {
  signal(SIGTERM);
  return wait();
}

void Program::kill_hard() {
  kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
}

}  // namespace sluice::test
