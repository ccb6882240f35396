#include "test/fault/fleet/fleet.h"

#include <atomic>

#include "queue/redis/connection.h"
#include "test/support/services.h"

namespace sluice::test {
namespace {

// What a proxy or a database of the test's own puts into a URL: only the port.
std::string with_name(const std::string& url, const std::string& name) {
  return url + "/" + name;
}

template <class T, class Call>
T await(TurnExecutor& executor, Call&& call) {
  std::optional<T> answer;
  call([&](T value) { answer.emplace(std::move(value)); });
  REQUIRE(executor.turn_until([&] { return answer.has_value(); }));
  return std::move(*answer);
}

}  // namespace

Fleet::Fleet(int own, Millis lease) : name_(unique_name("fleet")), lease_(lease) {
  if (own & kRedis) redis_ = std::make_unique<RedisServer>();
  if (own & kMongo) mongo_ = std::make_unique<MongoServer>();
  redis_url_ = redis_ ? redis_->url() : shared_redis_url();
  mongo_url_ = with_name(mongo_ ? mongo_->url() : shared_mongo_url(), name_);
}

Fleet::~Fleet() = default;

std::vector<std::string> Fleet::command(const std::string& name, std::vector<std::string> more,
                                        std::vector<std::string> arguments) const {
  std::vector<std::string> command = {program("sluice"), name};
  command.insert(command.end(), more.begin(), more.end());
  const auto has = [&](const std::string& flag) {
    return std::find(arguments.begin(), arguments.end(), flag) != arguments.end();
  };
  if (!has("--mongo")) command.insert(command.end(), {"--mongo", mongo_url_});
  if (!has("--redis")) command.insert(command.end(), {"--redis", redis_url_});
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

Environment Fleet::environment(Environment more) const {
  more.push_back("SLUICE_REDIS_PREFIX=" + name_);
  more.push_back("SLUICE_LEASE=" + std::to_string(lease_.count()));
  return more;
}

HttpProgram& Fleet::start_api(std::vector<std::string> arguments, Environment environment) {
  apis.push_back(std::make_unique<HttpProgram>(
      command("api", {"--listen", "127.0.0.1:0"}, std::move(arguments)),
      this->environment(std::move(environment))));
  return *apis.back();
}

Program& Fleet::start_runner(std::vector<std::string> arguments, Environment environment) {
  runners.push_back(
      std::make_unique<Program>(command("runner", {"--workers", "1"}, std::move(arguments)),
                                this->environment(std::move(environment)), "Running jobs"));
  return *runners.back();
}

Store& Fleet::store() {
  if (!store_) {
    MongoStoreOptions options;
    options.uri = mongo_url_;
    auto opened = MongoStore::open(options, executor_, clock_, log_, metrics_);
    if (!opened.ok()) FAIL(opened.error().text());
    store_ = *std::move(opened);
  }
  return *store_;
}

Result<Invocation> Fleet::find(const std::string& id) {
  const auto uuid = Uuid::parse(id);
  REQUIRE(uuid.has_value());
  return await<Result<Invocation>>(executor_, [&](auto done) { store().find(*uuid, done); });
}

size_t Fleet::count(State state) {
  const auto counts =
      await<Result<Counts>>(executor_, [&](auto done) { store().count("default", done); });
  if (!counts.ok()) return 0;
  return state == State::kRunning  ? counts->running
         : state == State::kQueued ? counts->queued
                                   : counts->scheduled;
}

RedisProbe::RedisProbe(Fleet& fleet) : url_(fleet.redis_url()) {
  RedisQueueOptions options;
  options.url = url_;
  options.prefix = fleet.prefix();
  auto opened = RedisQueue::open(options, executor_, log_, metrics_);
  if (!opened.ok()) FAIL(opened.error().text());
  queue_ = *std::move(opened);
}

Depth RedisProbe::depth() {
  const auto depth =
      await<Result<Depth>>(executor_, [&](auto done) { queue_->depth(std::move(done)); });
  return depth.ok() ? *depth : Depth{};
}

size_t RedisProbe::waiting() {
  return depth().waiting;
}
size_t RedisProbe::delivered() {
  return depth().delivered;
}

void RedisProbe::flush_all() {
  const redis::Scripts scripts;
  redis::Connection connection({*redis::parse_url(url_)}, scripts, metrics_);
  REQUIRE(connection.connect().ok());
  REQUIRE(connection.call_one({nullptr, {"FLUSHALL"}}).ok());
}

void create_actions(const std::string& api_url) {
  Http http(api_url);
  REQUIRE(http.create("double", "function main(args) return args.n * 2 end").status < 300);
  REQUIRE(http.create("spin",
                      "function main(args)\n"
                      "  local begin = os.clock()\n"
                      "  while (os.clock() - begin) * 1000 < args.ms do end\n"
                      "  return args.n * 2\n"
                      "end")
              .status < 300);
}

std::string payload(int n, int ms) {
  return R"({"n":)" + std::to_string(n) + R"(,"ms":)" + std::to_string(ms) + "}";
}

std::string Accepted::submit_one(Http& http, const std::string& action, const std::string& payload,
                                 const std::string& result) {
  const Reply reply = http.post("/actions/" + action, payload);
  if (reply.status != 202) return {};
  const std::string id = reply.invocation_id();
  const std::lock_guard lock(mutex_);
  results_[id] = result;
  return id;
}

std::string Accepted::submit_running(Fleet& fleet, Http& http, int ms, const std::string& action) {
  std::string id;
  REQUIRE(eventually([&] {
    const Result<Invocation> found = id.empty() ? Error{} : fleet.find(id);
    if (found.ok() && found->progress.state == State::kRunning) return true;
    if (!id.empty() && !(found.ok() && is_finished(found->progress.state))) return false;
    const int n = next();
    id = submit_one(http, action, payload(n, ms), std::to_string(2 * n));
    return false;
  }));
  return id;
}

void Accepted::submit(const std::vector<std::string>& api_urls, size_t count, int clients) {
  std::atomic<size_t> left{count};
  std::vector<std::thread> threads;
  for (int c = 0; c < clients; ++c) {
    threads.emplace_back([&, c] {
      size_t at = static_cast<size_t>(c);
      auto http = std::make_unique<Http>(api_urls[at % api_urls.size()]);
      for (;;) {
        size_t mine = left;
        while (mine > 0 && !left.compare_exchange_weak(mine, mine - 1)) {
        }
        if (mine == 0) return;
        const int n = next();
        const std::string payload = R"({"n":)" + std::to_string(n) + "}";
        const bool accepted = eventually([&] {
          if (!submit_one(*http, "double", payload, std::to_string(2 * n)).empty()) return true;
          http = std::make_unique<Http>(api_urls[++at % api_urls.size()]);
          return false;
        });
        if (!accepted) return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

int Accepted::next() {
  const std::lock_guard lock(mutex_);
  return next_++;
}

std::vector<std::string> Accepted::ids() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  for (const auto& [id, result] : results_) ids.push_back(id);
  return ids;
}

size_t Accepted::size() const {
  const std::lock_guard lock(mutex_);
  return results_.size();
}

void Accepted::check_all(Fleet& fleet) {
  for (const auto& [id, result] : results_) {
    std::optional<Invocation> ended;
    eventually([&, &id = id] {
      auto found = fleet.find(id);
      if (!found.ok() || !is_finished(found->progress.state)) return false;
      ended = *std::move(found);
      return true;
    });
    INFO("invocation " << id);
    REQUIRE(ended.has_value());
    CHECK(ended->progress.state == State::kDone);
    REQUIRE(ended->report != nullptr);
    CHECK(ended->report->message == "");
    CHECK(ended->report->result == result);
    // One attempt ended it, and nothing was written after that.
    REQUIRE_FALSE(ended->progress.history.empty());
    size_t successes = 0;
    for (const Attempt& attempt : ended->progress.history)
      successes += attempt.outcome == Outcome::kSucceeded;
    CHECK(successes == 1);
    CHECK(ended->progress.history.back().outcome == Outcome::kSucceeded);
  }
}

}  // namespace sluice::test
