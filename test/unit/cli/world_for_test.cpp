#include "world_for_test.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace sluice::cli::test {
namespace {

class FakeClient final : public Client {
 public:
  explicit FakeClient(FakeServer& server) : server_(server) {}
  Result<Response> send(const Request& request) override { return server_.answer(request); }

 private:
  FakeServer& server_;
};

}  // namespace

Result<Response> FakeServer::answer(const Request& request) {
  requests.push_back(request);
  if (answers.empty()) return Error{Code::kUnavailable, "http", "Connection refused"};
  const Response next = answers.front();
  if (answers.size() > 1) answers.pop_front();
  return next;
}

Response response(int status, std::string body, std::map<std::string, std::string> headers) {
  return {status, std::move(body), std::move(headers)};
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "slcli-test-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::file(const std::string& name, const std::string& content) const {
  std::ofstream(path(name), std::ios::binary) << content;
  return path(name);
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Ran Machine::run(const std::vector<std::string>& words) {
  std::istringstream in(input);
  std::ostringstream out, err;
  ManualClock clock;
  World world{.in = in,
              .terminal = {.out = out,
                           .err = err,
                           .out_is_terminal = out_is_terminal,
                           .err_is_terminal = err_is_terminal,
                           .no_colour = environment.contains("NO_COLOR")},
              .variable = [this](const std::string& name) -> std::optional<std::string> {
                const auto found = environment.find(name);
                if (found == environment.end() || found->second.empty()) return std::nullopt;
                return found->second;
              },
              .read_hidden = read_hidden,
              .client_for = [this](const ServerUrl& url) -> std::unique_ptr<Client> {
                server.urls.push_back(url.text());
                if (client_for) return client_for(url);
                return std::make_unique<FakeClient>(server);
              },
              .clock = clock,
              .sleep = [this](std::chrono::milliseconds time) { slept.push_back(time); }};
  const ExitCode exit = run_slcli(words, world);
  return {static_cast<int>(exit), out.str(), err.str()};
}

}  // namespace sluice::cli::test
