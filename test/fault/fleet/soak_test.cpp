// All faults at random, under load: scripts/soak for minutes or hours, a few seconds of it with the
// other tests.
//
// SLUICE_SOAK_SECONDS and SLUICE_SOAK_SEED say how long and which; the seed is printed. It decides
// which faults come in which order; what they meet, the moment does.
#include <cstdlib>
#include <iostream>
#include <random>

#include "test/fault/fleet/fleet.h"

namespace sluice::test {
namespace {

uint64_t number_from(const char* variable, uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text && *text ? std::strtoull(text, nullptr, 10) : fallback;
}

class Soak {
 public:
  explicit Soak(uint64_t seed)
      : random_(seed),
        fleet_(Fleet::kRedis | Fleet::kMongo),
        redis_network_(fleet_.redis().port()),
        mongo_network_(fleet_.mongo().port()) {
    for (int i = 0; i < 2; ++i) fleet_.start_api();
    create_actions(fleet_.apis[0]->url());
    for (int i = 0; i < 2; ++i) fleet_.start_runner();
    start_distant_runner();
  }

  void run(std::chrono::seconds time) {
    std::atomic<bool> over{false};
    std::thread client([&] {
      while (!over) accepted_.submit(urls(), 50, 4);
    });
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      const auto& [name, fault] = faults()[pick(faults().size())];
      std::cerr << "soak: " << accepted_.size() << " accepted; " << name << std::endl;
      (this->*fault)();
      pause(pick(500));
    }
    over = true;
    client.join();
    std::cerr << "soak: checking " << accepted_.size() << " jobs" << std::endl;
    accepted_.check_all(fleet_);
  }

 private:
  using Fault = void (Soak::*)();
  static const std::vector<std::pair<const char*, Fault>>& faults() {
    static const std::vector<std::pair<const char*, Fault>> all = {
        {"kill -9 of a runner", &Soak::kill_runner},
        {"SIGTERM of a runner", &Soak::stop_runner},
        {"a runner freezes", &Soak::freeze_runner},
        {"kill -9 of an API", &Soak::kill_api},
        {"FLUSHALL", &Soak::flush_redis},
        {"kill -9 of Redis", &Soak::kill_redis},
        {"Redis freezes", &Soak::freeze_redis},
        {"MongoDB is restarted", &Soak::restart_mongo},
        {"MongoDB freezes", &Soak::freeze_mongo},
        {"the network to Redis fails", &Soak::spoil_redis_network},
        {"the network to MongoDB fails", &Soak::spoil_mongo_network},
    };
    return all;
  }

  size_t pick(size_t below) { return random_() % below; }
  static void pause(size_t ms) {
    const timespec time{static_cast<time_t>(ms / 1000), static_cast<long>(ms % 1000) * 1'000'000};
    nanosleep(&time, nullptr);
  }

  std::vector<std::string> urls() {
    const std::lock_guard lock(mutex_);
    return {fleet_.apis[fleet_.apis.size() - 2]->url(), fleet_.apis.back()->url()};
  }

  // It reaches both databases through networks that can be spoiled.
  void start_distant_runner() {
    const std::string& url = fleet_.mongo_url();
    fleet_.start_runner({"--redis", "redis://127.0.0.1:" + std::to_string(redis_network_.port()),
                         "--mongo",
                         "mongodb://127.0.0.1:" + std::to_string(mongo_network_.port()) +
                             url.substr(url.rfind('/'))});
  }

  // One of the two that are near; the distant one is the third.
  std::unique_ptr<Program>& near_runner() { return fleet_.runners[pick(2)]; }
  void replace(std::unique_ptr<Program>& runner) {
    fleet_.start_runner();
    runner = std::move(fleet_.runners.back());
    fleet_.runners.pop_back();
  }

  void kill_runner() {
    auto& runner = near_runner();
    runner->kill_hard();
    replace(runner);
  }
  void stop_runner() {
    auto& runner = near_runner();
    CHECK(runner->stop() == 0);
    replace(runner);
  }
  void freeze_runner() {
    auto& runner = near_runner();
    runner->pause();
    pause(500 + pick(2'000));
    runner->resume();
  }
  void kill_api() {
    const size_t which = fleet_.apis.size() - 1 - pick(2);
    fleet_.apis[which]->kill_hard();
    auto fresh = [&]() -> std::unique_ptr<HttpProgram> {
      const std::lock_guard lock(mutex_);
      fleet_.start_api();
      auto made = std::move(fleet_.apis.back());
      fleet_.apis.pop_back();
      return made;
    }();
    const std::lock_guard lock(mutex_);
    fleet_.apis[which] = std::move(fresh);
  }
  void flush_redis() { RedisProbe(fleet_).flush_all(); }
  void kill_redis() {
    fleet_.redis().kill_hard();
    pause(pick(1'500));
    fleet_.redis().restart();
  }
  void freeze_redis() {
    fleet_.redis().process().pause();
    pause(500 + pick(3'000));
    fleet_.redis().process().resume();
  }
  void restart_mongo() {
    fleet_.mongo().process().stop();
    pause(pick(1'500));
    fleet_.mongo().restart();
  }
  void freeze_mongo() {
    fleet_.mongo().process().pause();
    pause(500 + pick(3'000));
    fleet_.mongo().process().resume();
  }
  void spoil(TcpProxy& network) {
    using Mode = TcpProxy::Mode;
    constexpr Mode kModes[] = {Mode::kDrop, Mode::kDropAnswers, Mode::kDelay};
    switch (const size_t how = pick(5)) {
      case 3:
        return network.cut();
      case 4:
        return network.half_close();
      default:
        network.set(kModes[how]);
        pause(500 + pick(3'000));
        network.set(Mode::kForward);
    }
  }
  void spoil_redis_network() { spoil(redis_network_); }
  void spoil_mongo_network() { spoil(mongo_network_); }

  std::mt19937_64 random_;
  Fleet fleet_;
  TcpProxy redis_network_, mongo_network_;
  std::mutex mutex_;
  Accepted accepted_;
};

TEST_CASE("fleet: everything fails at random, and every accepted job ends once", "[soak]") {
  const uint64_t seed = number_from("SLUICE_SOAK_SEED", std::random_device{}());
  const std::chrono::seconds time(number_from("SLUICE_SOAK_SECONDS", 10));
  std::cerr << "soak: seed " << seed << ", " << time.count() << " s" << std::endl;
  INFO("SLUICE_SOAK_SEED=" << seed);
  Soak(seed).run(time);
}

}  // namespace
}  // namespace sluice::test
