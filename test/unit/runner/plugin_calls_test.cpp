#include "runner/plugin_calls.h"

#include "test/support/held_store.h"
#include "test/unit/runner/world.h"

namespace sluice::test {
namespace {

using Names = std::vector<std::string>;

// One job that may call, and what it was answered.
struct Caller : World {
  Caller() { job.timeout = Millis(1'000); }

  // A record that the store has; the caller's own view of it may say otherwise.
  void submits(Allow allow = {}) {
    auto made = std::make_shared<Submission>(*submission());
    made->allow = std::move(allow);
    job.id = made->id;
    job.action = made->action;
    what = made;
    submit(made, false);
    caller = {what.get(), job.run, true};
  }

  void asks(std::string_view plugin, std::string_view payload = "{}") {
    calls->call(job, {plugin, "get", payload, began}, [this](sandbox::Answer given) {
      CHECK_FALSE(inside);
      answers.push_back(std::move(given));
    });
  }
  // Does it, and turns; no answer may come from inside.
  template <class Do>
  void then(Do&& act) {
    inside = true;
    act();
    inside = false;
    executor.turn();
  }
  std::string refused(std::string_view plugin) {
    then([&] { asks(plugin); });
    REQUIRE(answers.size() == 1);
    CHECK_FALSE(answers[0].ok);
    CHECK(plugins.calls.empty());
    return answers[0].text;
  }

  HeldStore held{store};
  SubmissionPtr what;
  sandbox::Job job;
  runner::Caller caller;
  MonoTime began = clock.mono();
  bool runs = true;
  bool inside = false;
  int waits = 0;
  std::vector<sandbox::Answer> answers;
  std::unique_ptr<runner::PluginCalls> calls = std::make_unique<runner::PluginCalls>(
      executor, held, plugins, [this](const Uuid&) { return runs ? &caller : nullptr; },
      [this] { ++waits; });
};

TEST_CASE("a call goes to the plugin, and its answer back") {
  Caller at;
  at.submits();
  at.then([&] { at.asks("kv", "[1]"); });
  REQUIRE(at.plugins.calls.size() == 1);
  CHECK(at.waits == 1);
  const plugins::Call& call = at.plugins.calls[0].call;
  CHECK(call.plugin == "kv");
  CHECK(call.action == "get");
  CHECK(call.payload == "[1]");
  CHECK(call.invocation == at.job.id);
  CHECK(at.answers.empty());

  at.plugins.answer(true, "42");
  REQUIRE(at.answers.size() == 1);
  CHECK(at.answers[0].ok);
  CHECK(at.answers[0].text == "42");
  at.then([&] { at.asks("kv"); });
  at.plugins.answer(false, "no such key");
  REQUIRE(at.answers.size() == 2);
  CHECK_FALSE(at.answers[1].ok);
  CHECK(at.answers[1].text == "no such key");
  CHECK(at.plugins.hung_up.empty());
}

TEST_CASE("no call is given longer than the job has left") {
  Caller at;
  at.submits();
  const MonoTime first = at.began;
  at.clock.advance(Millis(100));
  at.then([&] { at.asks("kv"); });
  CHECK(at.plugins.calls[0].call.deadline == first + Millis(1'000));
  at.plugins.answer(true, "1");
  at.clock.advance(Millis(300));
  at.then([&] { at.asks("kv"); });
  CHECK(at.plugins.calls[0].call.deadline == first + Millis(1'000));
}

TEST_CASE("an action calls the plugins that it was allowed, and learns nothing of others") {
  Caller at;
  SECTION("one of several") {
    at.submits(Names{"http", "kv"});
    SECTION("that it may use") {
      at.then([&] { at.asks("kv"); });
      CHECK(at.plugins.calls.size() == 1);
    }
    SECTION("that it may not use") {
      CHECK(at.refused("mongo") ==
            "the action 'hello' may not use plugin 'mongo'; it may use http, kv");
    }
    SECTION("that does not exist") {
      CHECK(at.refused("nosuch") ==
            "the action 'hello' may not use plugin 'nosuch'; it may use http, kv");
    }
    SECTION("whose name is long, and cut between two characters") {
      CHECK(at.refused(std::string(63, 'x') + "ü" + std::string(10'000, 'y')) ==
            "the action 'hello' may not use plugin '" + std::string(63, 'x') +
                "'; it may use http, kv");
    }
    SECTION("only in part by name") {
      CHECK(at.refused("k").find("may not use plugin 'k'") != std::string::npos);
      at.answers.clear();
      CHECK(at.refused("").find("may not use plugin ''") != std::string::npos);
    }
  }
  SECTION("none") {
    at.submits(Names{});
    CHECK(at.refused("kv") == "the action 'hello' may not use plugin 'kv'; it may use no plugin");
  }
  SECTION("all, and who serves them says what exists") {
    at.submits();
    at.then([&] { at.asks("nosuch"); });
    CHECK(at.plugins.calls.size() == 1);
  }
}

TEST_CASE("no call leaves before the record is durable") {
  Caller at;
  at.submits();
  at.caller.recorded = false;
  at.held.hold_records = true;
  at.then([&] { at.asks("kv", "[1]"); });
  CHECK(at.plugins.calls.empty());
  CHECK(at.answers.empty());
  REQUIRE(at.held.held() == 1);

  SECTION("it leaves then, and the next one at once") {
    at.held.release();
    REQUIRE(at.plugins.calls.size() == 1);
    CHECK(at.plugins.calls[0].call.payload == "[1]");
    at.plugins.answer(true, "1");
    at.then([&] { at.asks("kv"); });
    CHECK(at.plugins.calls.size() == 1);
    CHECK(at.held.when_recorded_calls == 1);
  }
  SECTION("it leaves with the limit of who asked, where the job was delivered anew meanwhile") {
    at.clock.advance(Millis(300));
    at.caller = {at.what.get(), at.job.run, false};
    at.held.release();
    REQUIRE(at.plugins.calls.size() == 1);
    CHECK(at.plugins.calls[0].call.deadline == at.began + Millis(1'000));
  }
  SECTION("it never leaves where the record failed") {
    at.held.refuse_records = Error{Code::kUnavailable, "store.write", "the disk is full"};
    at.held.release();
    REQUIRE(at.answers.size() == 1);
    CHECK_FALSE(at.answers[0].ok);
    CHECK(at.answers[0].text ==
          "no plugin was called: this invocation could not be recorded (the disk is full)");
    CHECK(at.plugins.calls.empty());
    CHECK_FALSE(at.caller.recorded);
  }
  SECTION("it never leaves where the job waits no more") {
    at.calls->hang_up(at.job);
    at.held.release();
    CHECK(at.plugins.calls.empty());
    CHECK(at.plugins.hung_up.empty());
    CHECK(at.answers.empty());
  }
  SECTION("it never leaves where the job makes another call by then") {
    at.calls->hang_up(at.job);
    at.then([&] { at.asks("http", "[2]"); });
    at.held.release();
    REQUIRE(at.plugins.calls.size() == 1);
    CHECK(at.plugins.calls[0].call.payload == "[2]");
  }
  SECTION("it never leaves where the lease was lost meanwhile") {
    at.caller.lost = true;
    at.held.release();
    REQUIRE(at.answers.size() == 1);
    CHECK(at.answers[0].text.find("its lease passed to another runner") != std::string::npos);
    CHECK(at.plugins.calls.empty());
  }
  SECTION("it never leaves where the run is over") {
    at.runs = false;
    at.held.release();
    REQUIRE(at.answers.size() == 1);
    CHECK_FALSE(at.answers[0].ok);
    CHECK(at.plugins.calls.empty());
  }
  SECTION("it never leaves where nobody is there to send it") {
    at.calls.reset();
    at.held.release();
    CHECK(at.plugins.calls.empty());
    CHECK(at.answers.empty());
  }
}

TEST_CASE("what an action may not use is refused without waiting for the record") {
  Caller at;
  at.submits(Names{});
  at.caller.recorded = false;
  at.held.hold_records = true;
  at.refused("kv");
  CHECK(at.held.when_recorded_calls == 0);
}

TEST_CASE("two runs of a job that came here again are told apart") {
  Caller at;
  at.submits();
  at.then([&] { at.asks("kv", "[1]"); });
  const sandbox::Job old = at.job;
  at.job.run.bytes[0] = 1;
  at.caller.run = at.job.run;
  at.then([&] { at.asks("kv", "[2]"); });
  REQUIRE(at.plugins.calls.size() == 2);
  CHECK(at.plugins.hung_up.empty());
  at.calls->hang_up(old);
  CHECK(at.plugins.hung_up.size() == 1);

  at.job = old;
  at.then([&] { at.asks("kv", "[3]"); });
  REQUIRE(at.answers.size() == 1);
  CHECK(at.answers[0].text == "this run was given up: its lease passed to another runner");
}

TEST_CASE("a run whose lease was lost calls nothing any more") {
  Caller at;
  at.submits();
  at.caller.lost = true;
  CHECK(at.refused("kv") == "this run was given up: its lease passed to another runner");
}

TEST_CASE("a job that runs no more calls nothing") {
  Caller at;
  at.submits();
  at.runs = false;
  CHECK(at.refused("kv") == "this run is over");
}

TEST_CASE("who hangs up is not answered") {
  Caller at;
  at.submits(Names{"kv"});
  SECTION("while the plugin works: it is told") {
    at.then([&] { at.asks("kv"); });
    const auto id = at.plugins.calls[0].id;
    at.calls->hang_up(at.job);
    CHECK(at.plugins.hung_up == std::vector<plugins::CallId>{id});
    CHECK(at.plugins.calls.empty());
  }
  SECTION("while a refusal is on its way") {
    at.asks("mongo");
    at.calls->hang_up(at.job);
    at.executor.turn();
  }
  SECTION("when it had been answered") {
    at.then([&] { at.asks("kv"); });
    at.plugins.answer(true, "1");
    at.answers.clear();
    at.calls->hang_up(at.job);
    CHECK(at.plugins.hung_up.empty());
  }
  SECTION("when it had asked nothing") {
    at.calls->hang_up(at.job);
    CHECK(at.plugins.hung_up.empty());
  }
  SECTION("because the calls end: what is under way is hung up") {
    at.then([&] { at.asks("kv"); });
    at.calls.reset();
    CHECK(at.plugins.hung_up.size() == 1);
  }
  CHECK(at.answers.empty());
}

TEST_CASE("a second call of a job takes the place of the first") {
  Caller at;
  at.submits();
  at.then([&] { at.asks("kv", "[1]"); });
  at.then([&] { at.asks("kv", "[2]"); });
  CHECK(at.plugins.hung_up.size() == 1);
  REQUIRE(at.plugins.calls.size() == 1);
  at.plugins.answer(true, "2");
  REQUIRE(at.answers.size() == 1);
  CHECK(at.answers[0].text == "2");
}

}  // namespace
}  // namespace sluice::test
