// The network between a runner and the databases fails in its various ways.
#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

using Mode = TcpProxy::Mode;

// A fleet whose first runner reaches one of the databases through a network that can be spoiled.
struct Spoiled {
  enum class What { kRedis, kMongo };

  explicit Spoiled(What what)
      : fleet(Fleet::kRedis | Fleet::kMongo),
        proxy(what == What::kRedis ? fleet.redis().port() : fleet.mongo().port()),
        api(fleet.start_api()) {
    create_actions(api.url());
    const std::string port = std::to_string(proxy.port());
    std::vector<std::string> arguments;
    if (what == What::kRedis) {
      arguments = {"--redis", "redis://127.0.0.1:" + port};
    } else {
      const std::string& url = fleet.mongo_url();
      arguments = {"--mongo", "mongodb://127.0.0.1:" + port + url.substr(url.rfind('/'))};
    }
    fleet.start_runner(arguments);
    accepted.submit({api.url()}, 50);
    accepted.check_all(fleet);
  }

  // Work goes on while the network is spoiled, with another runner's help, and after it is mended
  // by the first alone.
  void works_on() {
    fleet.start_runner();
    accepted.submit({api.url()}, 100);
    accepted.check_all(fleet);
    proxy.set(Mode::kForward);
    fleet.runners.back()->stop();
    accepted.submit({api.url()}, 50);
    accepted.check_all(fleet);
    CHECK(fleet.runners.front()->stop() == 0);
  }

  Fleet fleet;
  TcpProxy proxy;
  HttpProgram& api;
  Accepted accepted;
};

// The ways of it, a section each.
void fails_in_every_way(Spoiled::What what) {
  Spoiled at(what);
  SECTION("cut") {
    at.accepted.submit({at.api.url()}, 100);
    at.proxy.cut();
  }
  SECTION("silent") {
    at.proxy.set(Mode::kDrop);
  }
  SECTION("answers lost") {
    at.proxy.set(Mode::kDropAnswers);
  }
  SECTION("slow") {
    at.proxy.set(Mode::kDelay);
  }
  SECTION("half closed") {
    at.proxy.half_close();
  }
  at.works_on();
}

TEST_CASE("fleet: the network between a runner and Redis is cut, silent, slow, half closed") {
  fails_in_every_way(Spoiled::What::kRedis);
}

TEST_CASE("fleet: the network between a runner and MongoDB is cut, silent, slow, half closed") {
  fails_in_every_way(Spoiled::What::kMongo);
}

}  // namespace
}  // namespace sluice::test
