// Every case of the corpus against a server on loopback, in several deliveries.
#include "corpus.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <random>

#include "../unit/api/world.h"
#include "api/http/server.h"
#include "api/router.h"

namespace sluice::test {
namespace {

using namespace api;

// Writes down what gets through to the handlers.
class Witness final : public RequestHandler {
 public:
  void handle(Request& request, Responder responder) override {
    std::string line(to_string(request.method));
    line += ' ';
    line += request.path();
    if (!request.body.empty()) line += ' ' + std::to_string(request.body.size());
    handled.push_back(std::move(line));
    router_.handle(request, std::move(responder));
  }
  Reply refuse(const Request& request, const HttpFault& fault) override {
    return router_.refuse(request, fault);
  }

  std::vector<std::string> handled;

 private:
  // Probes may call the server what they like, as most cases do: hosts are Access's business.
  Access access_{{}};
  Router router_{{{Method::kGet, "/ping", Role::kProbe, ErrorShape::kText,
                   [](Request&, Responder responder) { responder.answer(text_reply(200, "OK")); }},
                  {Method::kGet, "/own", Role::kAnyone, ErrorShape::kText,
                   [](Request&, Responder responder) { responder.answer(text_reply(200, "OK")); }},
                  {Method::kPost, "/echo", Role::kProbe, ErrorShape::kJson,
                   [](Request& request, Responder responder) {
                     responder.answer(text_reply(200, std::move(request.body)));
                   }}},
                 access_};
};

struct Outcome {
  std::vector<int> statuses;
  bool continued = false;
  bool closed = false;
  std::vector<std::string> handled;
  std::string answers;  // as they came, but for "100 Continue"
  std::string last_body;
};

constexpr std::string_view kProbe = "GET /ping HTTP/1.1\r\nHost: probe\r\n\r\n";

// Sends `pieces` one after the other, each taken by the server before the next, and reads until the
// connection ends or a request sent behind them is answered.
Outcome deliver(const HttpCase& the, const std::vector<std::string_view>& pieces) {
  Loop loop;
  ManualClock clock;
  Witness witness;
  ServerOptions options;
  options.tick = std::chrono::milliseconds(0);
  options.limits.body_bytes = 1000;
  Server server(loop, clock, witness, options);
  REQUIRE(server.listen("127.0.0.1", 0).ok());
  Client client(loop, server.port());
  for (const std::string_view piece : pieces) {
    client.send(piece);
    client.settle(3);
  }
  client.settle();
  for (int i = 0; i < the.seconds; ++i) server.tick();

  Outcome outcome;
  const auto heads = [&] {  // HEAD is answered without the body that its length speaks of
    return outcome.statuses.size() < witness.handled.size() &&
           witness.handled[outcome.statuses.size()].starts_with("HEAD");
  };
  while (outcome.statuses.size() < the.statuses.size()) {
    const HttpReply reply = client.reply(heads());
    if (reply.status == 0) break;
    if (reply.status == 100) {
      outcome.continued = true;
      continue;
    }
    outcome.statuses.push_back(reply.status);
    outcome.answers += std::to_string(reply.status) + ' ' + reply.body + '\n';
    for (const auto& [name, value] : reply.headers) outcome.answers += name + ": " + value + '\n';
    outcome.last_body = reply.body;
  }
  client.settle();
  outcome.handled = witness.handled;
  if (!client.ended()) {
    client.send(kProbe);
    const HttpReply reply = client.reply();
    outcome.closed = reply.status == 0;
    // Nothing may be left over that the probe became a part of.
    if (!outcome.closed) {
      CHECK(reply.status == 200);
      CHECK(witness.handled.size() == outcome.handled.size() + 1);
    }
  } else {
    outcome.closed = true;
  }
  CHECK(client.received().empty());
  return outcome;
}

void check(const HttpCase& the, const std::vector<std::string_view>& pieces, std::string& answers) {
  const Outcome outcome = deliver(the, pieces);
  CHECK(outcome.statuses == the.statuses);
  CHECK(outcome.handled == the.handled);
  CHECK(outcome.closed == the.closed);
  if (!the.may_continue) CHECK(outcome.continued == the.must_continue);
  if (!the.says.empty()) CHECK_THAT(outcome.last_body, Catch::Contains(the.says));
  if (answers.empty()) answers = outcome.answers;
  CHECK(outcome.answers == answers);  // however the bytes were cut
}

std::vector<std::string_view> cut(std::string_view bytes, const std::vector<size_t>& places) {
  std::vector<std::string_view> pieces;
  size_t from = 0;
  for (const size_t place : places) {
    if (place <= from || place >= bytes.size()) continue;
    pieces.push_back(bytes.substr(from, place - from));
    from = place;
  }
  pieces.push_back(bytes.substr(from));
  return pieces;
}

std::vector<std::string> case_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_SOURCE_DIR "/test/http")) {
    if (entry.path().extension() == ".http") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("every request of the corpus is answered as it must be") {
  for (const std::string& file : case_files()) {
    DYNAMIC_SECTION(std::filesystem::path(file).stem().string()) {
      const HttpCase the = read_http_case(file);
      const std::string_view bytes = the.bytes;
      std::string answers;
      {
        INFO("in one write");
        check(the, {bytes}, answers);
      }
      {
        INFO("byte by byte");
        std::vector<std::string_view> pieces;
        for (size_t i = 0; i < bytes.size(); ++i) pieces.push_back(bytes.substr(i, 1));
        check(the, pieces, answers);
      }
      std::mt19937 random(20261124);
      for (int round = 0; round < 20; ++round) {
        std::vector<size_t> places(1 + random() % 5);
        for (size_t& place : places) place = random() % (bytes.size() + 1);
        std::sort(places.begin(), places.end());
        INFO("cut at " << Catch::Detail::stringify(places));
        check(the, cut(bytes, places), answers);
      }
    }
  }
}

TEST_CASE("the corpus is there") {
  CHECK(case_files().size() >= 60);
}

}  // namespace
}  // namespace sluice::test
