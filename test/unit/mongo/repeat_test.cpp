// A write whose answer was lost is carried out again, and is one write all the same. And: the
// server's own clock.
#include <catch2/catch.hpp>

#include "store/mongo/mongo_store.h"
#include "test/support/databases.h"
#include "test/support/services.h"
#include "test/support/tcp_proxy.h"
#include "test/support/turn_executor.h"

namespace sluice::test {
namespace {

using Mode = TcpProxy::Mode;

int port_of(const std::string& url) {
  return std::stoi(url.substr(url.rfind(':') + 1));
}

// A store behind a network that can be spoiled.
struct Distant {
  explicit Distant(Millis lease = Millis(10'000)) : proxy(port_of(shared_mongo_url())) {
    MongoStoreOptions options;
    options.uri =
        "mongodb://127.0.0.1:" + std::to_string(proxy.port()) + "/" + unique_name("contract");
    options.store.lease = lease;
    auto opened = MongoStore::open(options, executor, clock, log, metrics);
    REQUIRE(opened.ok());
    store = *std::move(opened);
    REQUIRE(store->ready().ok());
  }

  SubmissionPtr submission() {
    auto made = std::make_shared<Submission>();
    made->id = ids.next();
    made->action = "hello";
    made->created_at = clock.wall();
    return made;
  }

  template <class T, class Call>
  T await(Call&& call) {
    std::optional<T> answer;
    call([&](T value) { answer.emplace(std::move(value)); });
    REQUIRE(executor.turn_until([&] { return answer.has_value(); }));
    return std::move(*answer);
  }
  std::vector<Inserted> insert(std::vector<SubmissionPtr> items) {
    return await<std::vector<Inserted>>(
        [&](auto done) { store->insert(items, Urgency::kNow, done); });
  }
  Result<Delivery> claim(Uuid id, Uuid token) {
    return await<std::vector<Result<Delivery>>>([&](auto done) {
             store->claim({id}, Claim{token, "r", {}}, done);
           })
        .at(0);
  }
  Result<Invocation> find(Uuid id) {
    return await<Result<Invocation>>([&](auto done) { store->find(id, done); });
  }
  void until_ready() {
    REQUIRE(eventually([&] { return store->ready().ok(); }));
  }

  TcpProxy proxy;
  TurnExecutor executor;
  SystemClock clock;
  Log log{LogOptions{LogLevel::kOff}};
  Metrics metrics;
  UuidGenerator ids{clock};
  std::unique_ptr<MongoStore> store;
};

TEST_CASE("a finish whose answer is lost is written once, and reported as written") {
  Distant at;
  const auto item = at.submission();
  REQUIRE(at.insert({item})[0].status.ok());
  const Uuid token = at.ids.next();
  REQUIRE(at.claim(item->id, token).ok());

  Finish finish;
  finish.id = item->id;
  finish.token = token;
  auto report = std::make_shared<Report>();
  report->outcome = Outcome::kSucceeded;
  report->result = "42";
  finish.report = report;
  at.proxy.set(Mode::kDropAnswers);
  std::optional<std::vector<Status>> finished;
  at.store->finish({finish}, Urgency::kNow, [&](auto got) { finished = std::move(got); });
  REQUIRE(
      eventually([&] { return !at.store->ready().ok(); }));  // it was sent, and nothing came back
  at.proxy.set(Mode::kForward);
  at.proxy.cut();
  REQUIRE(at.executor.turn_until([&] { return finished.has_value(); }));
  CHECK((*finished)[0].ok());
  at.until_ready();
  const auto found = at.find(item->id);
  REQUIRE(found.ok());
  CHECK(found->progress.history.size() == 1);
  CHECK(found->report->result == "42");
}

TEST_CASE("a claim whose answer is lost is one delivery, and is ours") {
  Distant at;
  const auto item = at.submission();
  REQUIRE(at.insert({item})[0].status.ok());
  at.proxy.set(Mode::kDropAnswers);
  const Uuid token = at.ids.next();
  std::optional<std::vector<Result<Delivery>>> claimed;
  at.store->claim({item->id}, Claim{token, "r", {}}, [&](auto got) { claimed = std::move(got); });
  REQUIRE(eventually([&] { return !at.store->ready().ok(); }));
  at.proxy.set(Mode::kForward);
  at.proxy.cut();
  REQUIRE(at.executor.turn_until([&] { return claimed.has_value(); }));
  REQUIRE((*claimed)[0].ok());
  CHECK((*claimed)[0]->deliveries == 1);
  CHECK((*claimed)[0]->attempt == 1);
}

TEST_CASE("an insert whose connection breaks is recorded once, or refused") {
  Distant at;
  for (int round = 0; round < 5; ++round) {
    at.until_ready();
    std::vector<SubmissionPtr> items = {at.submission(), at.submission()};
    at.proxy.cut();  // the store's connections are stale now, and the server is there
    const auto inserted = at.insert(items);
    for (size_t i = 0; i < items.size(); ++i) {
      if (!inserted[i].status.ok()) {
        CHECK(inserted[i].status.error().code == Code::kUnavailable);
        continue;
      }
      at.until_ready();
      CHECK(at.find(items[i]->id).ok());
    }
  }
}

TEST_CASE("a server that is silent is not waited for") {
  Distant at;
  at.proxy.set(Mode::kDrop);
  const auto inserted = at.insert({at.submission()});
  CHECK(inserted[0].status.error().code == Code::kUnavailable);
  CHECK(at.find(at.ids.next()).error().code == Code::kUnavailable);
  CHECK_FALSE(at.store->ready().ok());
  at.store.reset();  // ends, too
  SUCCEED();
}

TEST_CASE("by the server's clock a lease is over when it is, and not before it began") {
  Distant at(Millis(1'000));
  const auto item = at.submission();
  REQUIRE(at.insert({item})[0].status.ok());
  REQUIRE(at.claim(item->id, at.ids.next()).ok());
  CHECK(at.claim(item->id, at.ids.next()).error().code == Code::kRefused);
  const auto due = [&] {
    const auto page = at.await<Result<DuePage>>([&](auto done) { at.store->due({}, 10, done); });
    REQUIRE(page.ok());
    return page->items.size();
  };
  REQUIRE(eventually([&] { return due() == 1; }));
  const auto again = at.claim(item->id, at.ids.next());
  REQUIRE(again.ok());
  CHECK(again->attempt == 1);
  CHECK(again->deliveries == 2);
}

TEST_CASE("the lease of a fleet is that of who came first") {
  Distant first(Millis(2'000));
  MongoStoreOptions options;
  const std::string name = unique_name("contract");
  options.uri = shared_mongo_url() + "/" + name;
  options.store.lease = Millis(2'000);
  auto one = MongoStore::open(options, first.executor, first.clock, first.log, first.metrics);
  options.store.lease = Millis(9'000);
  auto other = MongoStore::open(options, first.executor, first.clock, first.log, first.metrics);
  REQUIRE(one.ok());
  REQUIRE(other.ok());
  CHECK((*one)->lease() == Millis(2'000));
  CHECK((*other)->lease() == Millis(2'000));
}

TEST_CASE("a URL that is none is refused, without its password") {
  TurnExecutor executor;
  SystemClock clock;
  Log log{LogOptions{LogLevel::kOff}};
  Metrics metrics;
  for (const char* uri :
       {"mongodb://", "mongodb://u:s3cret@host:port/x", "http://host", "mongodb://h/?w=-5"}) {
    MongoStoreOptions options;
    options.uri = uri;
    const auto opened = MongoStore::open(options, executor, clock, log, metrics);
    INFO(uri);
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().code == Code::kInvalid);
    CHECK(opened.error().message.find("s3cret") == std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::test
