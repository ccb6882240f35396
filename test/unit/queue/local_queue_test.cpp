// What LocalQueue promises beyond the contract, and what it costs.
#include "queue/local/local_queue.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "queue/local/lanes.h"
#include "test/support/turn_executor.h"

using namespace sluice;

namespace {

Uuid id_of(uint64_t number) {
  Uuid id;
  std::memcpy(id.bytes.data() + 8, &number, sizeof number);
  return id;
}

Announcement news_of(uint64_t number) {
  Announcement news;
  news.id = id_of(number);
  return news;
}

}  // namespace

TEST_CASE("a waiting pop takes part in all that is pushed until the executor's next task") {
  test::TurnExecutor executor;
  LocalQueue queue(executor);
  std::vector<Uuid> got;
  queue.pop("r1", 10, [&](Result<std::vector<Uuid>> ids) { got = *ids; });
  for (uint64_t i = 0; i < 3; ++i) queue.push({{id_of(i), Lane{.action = "a"}}}, nullptr);
  executor.turn();
  CHECK(got.size() == 3);
}

TEST_CASE("news of one turn are told in one call") {
  test::TurnExecutor executor;
  LocalQueue queue(executor);
  std::vector<size_t> batches;
  queue.subscribe([&](std::span<const Announcement> news) { batches.push_back(news.size()); });
  queue.announce({news_of(1)});
  queue.announce({news_of(2), news_of(3)});
  executor.turn();
  CHECK(batches == std::vector<size_t>{3});
}

TEST_CASE("callbacks do not come after the queue is gone") {
  test::TurnExecutor executor;
  auto queue = std::make_unique<LocalQueue>(executor);
  int calls = 0;
  queue->subscribe([&](std::span<const Announcement>) { ++calls; });
  queue->pop("r1", 1, [&](auto) { ++calls; });
  queue->push({{id_of(1), Lane{.action = "a"}}}, [&](auto) { ++calls; });
  queue->announce({news_of(1)});
  queue->depth([&](auto) { ++calls; });
  queue.reset();
  executor.turn();
  CHECK(calls == 0);
}

TEST_CASE("cost of an entry on its way through the lanes", "[.benchmark]") {
  Lanes lanes(1'000'000);
  const Lane names[] = {{.action = "hello"}, {.action = "evil"}, {.action = "third"}};
  constexpr uint64_t kEntries = 1'000'000, kBatch = 64;
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < kEntries; i += kBatch) {
    for (uint64_t j = i; j < i + kBatch; ++j)
      lanes.push({id_of(j * 0x9e3779b97f4a7c15ull), names[j % 3]});
    lanes.forget(lanes.take(kBatch, 1), 1);
  }
  const std::chrono::duration<double, std::nano> through = std::chrono::steady_clock::now() - start;

  const auto fill = std::chrono::steady_clock::now();
  for (uint64_t i = 0; i < 100'000; ++i)
    lanes.push({id_of(i * 0x9e3779b97f4a7c15ull), names[i % 3]});
  const std::chrono::duration<double, std::nano> filled = std::chrono::steady_clock::now() - fill;
  WARN(through.count() / kEntries << " ns push, take and forget; " << filled.count() / 1e5
                                  << " ns a push until full");
}
