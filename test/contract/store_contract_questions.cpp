// What every store must do: questions, expiry, actions.
#include <set>

#include "test/contract/store_harness.h"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

#define EVERY_STORE(name) \
  TEMPLATE_TEST_CASE(name, "[store]", MemoryHarness, SqliteHarness, MongoHarness)

namespace {

void run_to_the_end(StoreHarness& at, Uuid id) {
  const Uuid token = at.ids.next();
  REQUIRE(at.claim_one(id, token).ok());
  REQUIRE(at.finish({at.finished(id, token)})[0].ok());
}

}  // namespace

EVERY_STORE("Due invocations come in the order of their time, in pages") {
  TestType at;
  std::vector<Uuid> expected;
  std::vector<SubmissionPtr> items;
  const WallTime now = at.clock.wall();
  for (int i = 0; i < 10; ++i)
    items.push_back(at.submission([&](Submission& made) { made.due_at = now - Millis(i / 2); }));
  at.insert(items);
  for (int i = 8; i >= 0; i -= 2) {  // of the same time: in the order of insertion
    expected.push_back(items[i]->id);
    expected.push_back(items[i + 1]->id);
  }
  at.inserted([&](Submission& made) { made.due_at = now + 1ms; });

  std::vector<Uuid> seen;
  std::vector<size_t> sizes;
  DueCursor cursor;
  for (;;) {
    const auto page = at.due(4, cursor);
    REQUIRE(page.ok());
    sizes.push_back(page->items.size());
    for (const DueItem& item : page->items) seen.push_back(item.id);
    if (!page->next) break;
    cursor = *page->next;
  }
  CHECK(seen == expected);
  CHECK(sizes == std::vector<size_t>{4, 4, 2});
  CHECK(at.due(10)->items.size() == 10);
  CHECK_FALSE(at.due(10)->next.has_value());
}

EVERY_STORE("A due item names its lane") {
  TestType at;
  at.inserted([](Submission& made) {
    made.ns = "n";
    made.queue = "q";
    made.action = "a";
    made.priority = 5;
  });
  const auto page = at.due();
  REQUIRE(page->items.size() == 1);
  const DueItem& item = page->items[0];
  CHECK(item.ns == "n");
  CHECK(item.queue == "q");
  CHECK(item.action == "a");
  CHECK(item.priority == 5);
  CHECK(item.due_at == at.clock.wall());
}

EVERY_STORE("Claimed invocations are not due until their lease is lost") {
  TestType at;
  const auto first = at.inserted(), second = at.inserted(), third = at.inserted();
  const Uuid token = at.ids.next();
  at.claim({first->id, third->id}, token);
  REQUIRE(at.due()->items.size() == 1);
  CHECK(at.due()->items[0].id == second->id);

  at.clock.advance(at.options.lease - 1ms);
  at.renew({third->id}, token);
  at.clock.advance(1ms);
  CHECK(at.flush().ok());
  const auto page = at.due();
  REQUIRE(page->items.size() == 2);
  CHECK(page->items[0].id == first->id);
  CHECK(page->items[1].id == second->id);
  at.finish({at.finished(first->id, token), at.finished(third->id, token)});
  CHECK(at.due()->items.size() == 1);
}

EVERY_STORE("Lists show the newest first, filtered, in pages, without what is large") {
  TestType at;
  std::vector<SubmissionPtr> items;
  for (int i = 0; i < 6; ++i)
    items.push_back(at.inserted([&](Submission& made) { made.action = i % 2 ? "odd" : "even"; }));
  at.inserted([](Submission& made) { made.ns = "other"; });
  run_to_the_end(at, items[0]->id);
  run_to_the_end(at, items[3]->id);

  const auto all = at.list();
  REQUIRE(all->size() == 6);
  for (int i = 0; i < 6; ++i) CHECK((*all)[i].submission->id == items[5 - i]->id);
  CHECK((*all)[0].submission->payload.empty());
  REQUIRE((*all)[5].report);
  CHECK((*all)[5].report->result.empty());
  CHECK((*all)[5].report->run_time == 17us);
  CHECK((*all)[5].progress.state == State::kDone);

  ListQuery query;
  query.limit = 4;
  auto page = at.list(query);
  REQUIRE(page->size() == 4);
  query.before = page->back().submission->id;
  page = at.list(query);
  REQUIRE(page->size() == 2);
  CHECK((*page)[1].submission->id == items[0]->id);
  query.before = at.ids.next();
  CHECK(at.list(query).error().code == Code::kNotFound);

  query = {};
  query.action = "odd";
  CHECK(at.list(query)->size() == 3);
  query.state = State::kDone;
  REQUIRE(at.list(query)->size() == 1);
  CHECK((*at.list(query))[0].submission->id == items[3]->id);
  query.action.reset();
  query.state = State::kQueued;
  CHECK(at.list(query)->size() == 4);
  query.ns = "other";
  CHECK(at.list(query)->size() == 1);
  query.ns = "nobody";
  CHECK(at.list(query)->empty());
}

EVERY_STORE("Counts tell what waits and what runs") {
  TestType at;
  CHECK_FALSE(at.count().oldest_due.has_value());
  const WallTime oldest = at.clock.wall() - 7s;
  at.inserted([&](Submission& made) { made.due_at = oldest; });
  at.inserted();
  const auto running = at.inserted(), done = at.inserted();
  at.inserted([](Submission& made) { made.due_at += 1h; });
  at.inserted([](Submission& made) { made.ns = "other"; });
  run_to_the_end(at, done->id);
  at.claim({running->id}, at.ids.next());
  CHECK(at.flush().ok());
  const Counts counts = at.count();
  CHECK(counts.scheduled == 1);
  CHECK(counts.queued == 2);
  CHECK(counts.running == 1);
  CHECK(counts.oldest_due == oldest);
  CHECK(at.count("other").queued == 1);
  CHECK(at.count("nobody").queued == 0);
}

EVERY_STORE("Finished records go when their time has come, in steps") {
  TestType at;
  std::vector<SubmissionPtr> items;
  for (int i = 0; i < 7; ++i)
    items.push_back(at.inserted([&](Submission& made) {
      if (i == 2) made.payload = std::string(50'000, ' ') + "1";
    }));
  for (int i = 0; i < 5; ++i) run_to_the_end(at, items[i]->id);
  at.clock.advance(1h);
  run_to_the_end(at, items[5]->id);  // expires an hour later; items[6] waits

  CHECK(at.expire() == 0);
  at.clock.advance(at.options.retention - 1h - 1ms);
  CHECK(at.expire() == 0);
  at.clock.advance(1ms);
  CHECK(at.expire(2) == 2);
  CHECK(at.find(items[1]->id).error().code == Code::kNotFound);
  CHECK(at.find(items[2]->id).ok());
  CHECK(at.expire(2) == 2);
  CHECK(at.expire(2) == 1);
  CHECK(at.expire(2) == 0);
  CHECK(at.find(items[4]->id).error().code == Code::kNotFound);
  CHECK(at.find(items[5]->id).ok());
  at.clock.advance(1h);
  CHECK(at.expire() == 1);
  CHECK(at.find(items[6]->id)->progress.state == State::kQueued);
}

EVERY_STORE("An idempotency key is free again when its record has gone") {
  TestType at;
  const auto keyed = [](Submission& made) { made.ikey = sha256("key"); };
  const auto first = at.inserted(keyed);
  run_to_the_end(at, first->id);
  at.clock.advance(at.options.retention);
  CHECK(at.expire() == 1);
  const auto second = at.submission(keyed);
  const auto results = at.insert({second});
  CHECK(results[0].id == second->id);
  CHECK_FALSE(results[0].deduplicated);
}

EVERY_STORE("An action is created once, replaced, deleted, and its version goes on rising") {
  TestType at;
  CHECK(at.put(PutMode::kReplace, "hello", "return 1").error().code == Code::kNotFound);
  const auto first = at.put(PutMode::kCreate, "hello", "return 1");
  REQUIRE(first.ok());
  CHECK(first->version == 1);
  CHECK(first->created_at == at.clock.wall());
  CHECK(at.put(PutMode::kCreate, "hello", "return 2").error().code == Code::kConflict);
  CHECK(at.find_action("hello")->source_hash == sha256("return 1"));

  at.clock.advance(1s);
  const auto second = at.put(PutMode::kReplace, "hello", "return 2");
  REQUIRE(second.ok());
  CHECK(second->version == 2);
  CHECK(second->created_at == first->created_at);
  CHECK(second->updated_at == at.clock.wall());
  const auto found = at.find_action("hello");
  REQUIRE(found.ok());
  CHECK(found->version == 2);
  CHECK(found->timeout == 500ms);
  CHECK(found->memory_kb == 64);
  CHECK(found->stripped_bytes == 192);
  CHECK(found->code_hash == code_hash_of("hello.lua", "return 2"));

  CHECK(at.delete_action("hello").ok());
  CHECK(at.delete_action("hello").error().code == Code::kNotFound);
  CHECK(at.find_action("hello").error().code == Code::kNotFound);
  CHECK(at.put(PutMode::kReplace, "hello", "return 3").error().code == Code::kNotFound);
  const auto again = at.put(PutMode::kCreate, "hello", "return 3");
  REQUIRE(again.ok());
  CHECK(again->version == 3);
  CHECK(again->created_at == at.clock.wall());
}

EVERY_STORE("Actions are listed by name, of one namespace") {
  TestType at;
  for (const char* name : {"b", "a", "c"}) REQUIRE(at.put(PutMode::kCreate, name, "x").ok());
  CHECK(at.delete_action("c").ok());
  const auto listed = at.template await<Result<std::vector<Action>>>(
      [&](auto done) { at.store->list_actions("default", done); });
  REQUIRE(listed->size() == 2);
  CHECK((*listed)[0].name == "a");
  CHECK((*listed)[1].name == "b");
  const auto others = at.template await<Result<std::vector<Action>>>(
      [&](auto done) { at.store->list_actions("other", done); });
  CHECK(others->empty());
}

EVERY_STORE("An action keeps its max_concurrency, and those that have one are found") {
  using Caps = std::map<std::string, uint32_t>;
  TestType at;
  CHECK(at.capped().empty());
  REQUIRE(at.put(PutMode::kCreate, "free", "x").ok());
  REQUIRE(at.put(PutMode::kCreate, "one", "x", 1)->max_concurrency == 1);
  REQUIRE(at.put(PutMode::kCreate, "many", "x", kMaxConcurrencyCap).ok());
  CHECK(at.find_action("free")->max_concurrency == 0);
  CHECK(at.find_action("one")->max_concurrency == 1);
  CHECK(at.capped() == Caps{{"default/one", 1}, {"default/many", kMaxConcurrencyCap}});
  const auto listed = at.template await<Result<std::vector<Action>>>(
      [&](auto done) { at.store->list_actions("default", done); });
  REQUIRE(listed->size() == 3);
  CHECK((*listed)[2].max_concurrency == 1);

  REQUIRE(at.put(PutMode::kReplace, "one", "x", 7).ok());
  REQUIRE(at.put(PutMode::kReplace, "many", "x", 0).ok());
  CHECK(at.find_action("one")->max_concurrency == 7);
  CHECK(at.capped() == Caps{{"default/one", 7}});
  REQUIRE(at.delete_action("one").ok());
  CHECK(at.capped().empty());
  REQUIRE(at.put(PutMode::kCreate, "one", "x").ok());
  CHECK(at.capped().empty());
}

EVERY_STORE("An action keeps which plugins it may use: all, some, or none") {
  using Names = std::vector<std::string>;
  TestType at;
  REQUIRE(at.put(PutMode::kCreate, "any", "x").ok());
  REQUIRE(at.put(PutMode::kCreate, "none", "x", 0, Names{})->allow == Names{});
  REQUIRE(at.put(PutMode::kCreate, "some", "x", 0, Names{"mongo", "http"}).ok());
  CHECK(at.find_action("any")->allow == std::nullopt);
  CHECK(at.find_action("none")->allow == Names{});
  CHECK(at.find_action("some")->allow == Names{"mongo", "http"});
  const auto listed = at.template await<Result<std::vector<Action>>>(
      [&](auto done) { at.store->list_actions("default", done); });
  REQUIRE(listed->size() == 3);
  CHECK((*listed)[2].allow == Names{"mongo", "http"});

  REQUIRE(at.put(PutMode::kReplace, "any", "x", 0, Names{"kv"}).ok());
  REQUIRE(at.put(PutMode::kReplace, "none", "x").ok());
  CHECK(at.find_action("any")->allow == Names{"kv"});
  CHECK(at.find_action("none")->allow == std::nullopt);
  REQUIRE(at.delete_action("any").ok());
  REQUIRE(at.put(PutMode::kCreate, "any", "x").ok());
  CHECK(at.find_action("any")->allow == std::nullopt);
}

EVERY_STORE("Code is found by its hash, and its bytecode can be made anew") {
  TestType at;
  CHECK(at.put(PutMode::kCreate, "hello", "return 1").ok());
  const Sha256 hash = code_hash_of("hello.lua", "return 1");
  auto code = at.find_code(hash);
  REQUIRE(code.ok());
  CHECK((*code)->source == "return 1");
  CHECK((*code)->chunk_name == "hello.lua");
  CHECK((*code)->lua_tag == "lua-5.3-test");
  CHECK((*code)->stripped_bytes == 192);

  const auto put = [&](Sha256 which, std::string bytecode = std::string("\x1b\0new", 5)) {
    return at.template await<Status>([&](auto done) {
      at.store->put_bytecode(which, std::move(bytecode), "lua-5.3-next", done);
    });
  };
  CHECK(put(hash, "").ok());  // the source alone is enough
  CHECK((*at.find_code(hash))->bytecode.empty());
  CHECK(put(hash).ok());
  code = at.find_code(hash);
  CHECK((*code)->bytecode == std::string("\x1b\0new", 5));
  CHECK((*code)->lua_tag == "lua-5.3-next");
  CHECK((*code)->source == "return 1");
  CHECK(put(sha256("unknown")).error().code == Code::kNotFound);
  CHECK(at.find_code(sha256("unknown")).error().code == Code::kNotFound);
}

EVERY_STORE("Code goes when neither an action nor an unfinished invocation refers to it") {
  TestType at;
  CHECK(at.put(PutMode::kCreate, "hello", "return 1").ok());
  CHECK(at.put(PutMode::kCreate, "same", "return 1").ok());
  const Sha256 hash = code_hash_of("hello.lua", "return 1");
  const auto item = at.inserted([&](Submission& made) { made.code_hash = hash; });
  CHECK(at.delete_action("hello").ok());
  at.clock.advance(at.options.code_grace);
  at.expire();
  CHECK(at.find_code(hash).ok());  // the invocation still needs it

  run_to_the_end(at, item->id);
  at.expire();
  CHECK(at.find_code(hash).error().code == Code::kNotFound);
  CHECK(at.find_code(code_hash_of("same.lua", "return 1")).ok());

  // Code that was just let go of stays a while: a submission may be under way.
  CHECK(at.put(PutMode::kReplace, "same", "return 2").ok());
  at.clock.advance(at.options.code_grace - 1ms);
  at.expire();
  CHECK(at.find_code(code_hash_of("same.lua", "return 1")).ok());
  at.clock.advance(1ms);
  at.expire();
  CHECK(at.find_code(code_hash_of("same.lua", "return 1")).error().code == Code::kNotFound);
  CHECK(at.find_code(code_hash_of("same.lua", "return 2")).ok());
}

EVERY_STORE("Callbacks may call the store again") {
  TestType at;
  int finished = 0;
  const Uuid token = at.ids.next();
  for (int i = 0; i < 20; ++i) {
    const auto item = at.submission();
    at.store->insert({item}, Urgency::kNow, [&, item](auto) {
      at.store->claim({item->id}, {token, "r", {}}, [&, item](auto deliveries) {
        CHECK(deliveries[0].ok());
        at.store->finish({at.finished(item->id, token)}, Urgency::kLinger,
                         [&](auto statuses) { finished += statuses[0].ok(); });
      });
    });
  }
  CHECK(at.executor.turn_until([&] { return finished == 20; }));
}
