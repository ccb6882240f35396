#include "queue/redis/redis_queue.h"

#include <utility>

#include "base/answers.h"
#include "queue/redis/commander.h"
#include "queue/redis/listener.h"
#include "queue/redis/runner_info.h"
#include "queue/redis/taker.h"

namespace sluice {

using redis::integer_of;
using redis::is_array;
using redis::is_error;
using redis::ReplyPtr;
using redis::text_of;

namespace {

constexpr size_t kMaxHold = 1'000;  // entries of one script call

}  // namespace

struct RedisQueue::Parts {
  Parts(RedisQueueOptions given, redis::Address address, Executor& executor, Log& the_log,
        Metrics& the_metrics)
      : options(std::move(given)),
        log(the_log),
        metrics(the_metrics),
        answers(executor),
        keys(options.prefix),
        process(random_name()),
        connection{std::move(address), options.timeout},
        taker(connection, scripts, keys, process, options.dead_after, options.await_rules, log,
              metrics),
        commander(connection, scripts, keys, options.capacity, log, metrics) {}

  static std::string random_name() {
    const SystemClock clock;
    return UuidGenerator(clock).next().text();
  }

  redis::Command command(const redis::Script& script, std::vector<std::string> arguments) const {
    redis::Command made{&script, {keys.base()}};
    for (std::string& argument : arguments) made.words.push_back(std::move(argument));
    return made;
  }

  // Asks Redis; `read` makes the answer of its reply, on the commander's thread.
  template <class T, class Read>
  void ask(redis::Command command, const char* operation, Read read,
           std::function<void(Result<T>)> done) {
    commander.ask(std::move(command), [this, operation, read,
                                       done = std::move(done)](Result<ReplyPtr> reply) {
      if (!reply.ok()) return answers.post<Result<T>>(done, reply.error());
      if (is_error(**reply)) {
        return answers.post<Result<T>>(done, Error{Code::kUnavailable, operation,
                                                   "Redis says: " + std::string(text_of(**reply))});
      }
      answers.post<Result<T>>(done, read(**reply));
    });
  }

  // Says what is wrong with asking so, if anything.
  bool refuses_pop(const std::string& runner, size_t max, const redis::PopDone& done) {
    if (max > 0 && !taker.waits(runner)) return false;
    const Error error = max == 0 ? Error{Code::kInvalid, "queue.pop", "max must be at least 1"}
                                 : Error{Code::kRefused, "queue.pop", "this runner waits already"};
    answers.post<Result<std::vector<Uuid>>>(done, error);
    return true;
  }

  redis::PopDone posted(redis::PopDone done) {
    return [this, done = std::move(done)](Result<std::vector<Uuid>> ids) {
      answers.post(done, std::move(ids));
    };
  }

  void wake_taker() {
    const std::string token = keys.wake_of(process);
    commander.ask({nullptr, {"RPUSH", token, "1"}}, nullptr);
    commander.ask({nullptr, {"PEXPIRE", token, "10000"}}, nullptr);  // when nobody takes it
  }

  const RedisQueueOptions options;
  Log& log;
  Metrics& metrics;
  Answers answers;
  const redis::Keys keys;
  const redis::Scripts scripts;
  const std::string process;
  const redis::ConnectionOptions connection;
  std::function<void(std::span<const Announcement>)> listening;
  // The threads end before what they use.
  redis::Taker taker;
  redis::Commander commander;  // tells the taker what was heard
  std::unique_ptr<redis::Listener> listener;
};

Result<std::unique_ptr<RedisQueue>> RedisQueue::open(RedisQueueOptions options, Executor& executor,
                                                     Log& log, Metrics& metrics) {
  auto address = redis::parse_url(options.url);
  if (!address.ok()) return address.error();
  auto parts =
      std::make_unique<Parts>(std::move(options), *std::move(address), executor, log, metrics);
  const Status first = parts->commander.start();
  if (!first.ok() && first.error().code == Code::kInvalid) return first.error();
  return std::unique_ptr<RedisQueue>(new RedisQueue(std::move(parts)));
}

RedisQueue::RedisQueue(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RedisQueue::~RedisQueue() {
  parts_->answers.end();
}

// ── jobs in ──

void RedisQueue::push(std::vector<Entry> entries, std::function<void(std::vector<Status>)> done) {
  parts_->commander.push(std::move(entries),
                         [&my = *parts_, done = std::move(done)](std::vector<Status> statuses) {
                           my.answers.post(done, std::move(statuses));
                         });
}

// ── jobs out ──

void RedisQueue::pop(std::string runner, size_t max, redis::PopDone done) {
  Parts& my = *parts_;
  if (my.refuses_pop(runner, max, done)) return;
  const bool wake = my.taker.asleep();  // for another runner of this process
  my.taker.pop(runner, max, my.posted(std::move(done)));
  if (wake) my.wake_taker();
}

void RedisQueue::pop_others(std::string runner, size_t max, std::vector<ActionName> passed_over,
                            redis::PopDone done) {
  Parts& my = *parts_;
  if (my.refuses_pop(runner, max, done)) return;
  std::vector<std::string> names;
  names.reserve(passed_over.size());
  for (const ActionName& name : passed_over)
    names.push_back(redis::rule_name(name.ns, name.action));
  const bool wake = my.taker.asleep();
  my.taker.pop_others(runner, max, std::move(names), my.posted(std::move(done)));
  if (wake) my.wake_taker();
}

void RedisQueue::stop_pop(std::string runner) {
  parts_->taker.stop(runner);
}

void RedisQueue::acknowledge(std::string runner, std::vector<Uuid> ids) {
  Parts& my = *parts_;
  my.commander.settle(runner, ids, [&my, runner, ids] { my.taker.forget(runner, ids); });
}

void RedisQueue::give_back(std::string runner, std::vector<Uuid> ids) {
  Parts& my = *parts_;
  my.commander.give_back(runner, ids, [&my, runner, ids] { my.taker.forget(runner, ids); });
}

// ── news ──

void RedisQueue::announce(std::vector<Announcement> news) {
  std::vector<Uuid> ids;
  for (const Announcement& word : news) {
    if (word.phase == Announcement::Phase::kDurable) ids.push_back(word.id);
  }
  if (!ids.empty()) parts_->commander.announce(ids);
}

void RedisQueue::subscribe(std::function<void(std::span<const Announcement>)> listener) {
  Parts& my = *parts_;
  my.listening = std::move(listener);
  if (my.listener) return;
  my.listener = std::make_unique<redis::Listener>(
      my.connection, my.scripts, my.keys, my.log, my.metrics, [&my](std::vector<Uuid> ids) {
        my.answers.post([&my, ids = std::move(ids)] {
          std::vector<Announcement> news;
          news.reserve(ids.size());
          for (const Uuid& id : ids) news.push_back({id, Announcement::Phase::kDurable, nullptr});
          if (my.listening) my.listening(news);
        });
      });
}

// ── runners ──

void RedisQueue::heartbeat(RunnerInfo info) {
  Parts& my = *parts_;
  my.commander.ask(
      my.command(my.scripts.heartbeat,
                 {info.name, std::to_string(my.options.dead_after.count()), redis::to_json(info)}),
      nullptr);
}

void RedisQueue::runners(std::function<void(Result<std::vector<RunnerInfo>>)> done) {
  Parts& my = *parts_;
  my.ask<std::vector<RunnerInfo>>(
      my.command(my.scripts.runners, {std::to_string(my.options.dead_after.count())}),
      "queue.runners", [](const redisReply& reply) { return redis::read_runners(reply); },
      std::move(done));
}

void RedisQueue::rescue(std::function<void(Result<size_t>)> done) {
  Parts& my = *parts_;
  // Who has just come back cannot tell the dead from those that will come back in a moment.
  const auto since = my.commander.connected_since();
  if (since && std::chrono::steady_clock::now() - *since < my.options.dead_after)
    return my.answers.post<Result<size_t>>(done, size_t{0});
  my.ask<size_t>(
      my.command(my.scripts.rescue, {}), "queue.rescue",
      [](const redisReply& reply) { return static_cast<size_t>(integer_of(reply)); },
      std::move(done));
}

void RedisQueue::leave(std::string runner, std::function<void()> done) {
  Parts& my = *parts_;
  my.taker.stop(runner);
  my.taker.forget(runner);
  my.commander.ask(
      my.command(my.scripts.give_back, {runner}),
      [&my, done = std::move(done)](const Result<ReplyPtr>&) { my.answers.post(done); });
}

void RedisQueue::lead(std::string task, std::string who, Millis lease,
                      std::function<void(bool)> done) {
  Parts& my = *parts_;
  my.commander.ask(
      my.command(my.scripts.lead, {std::move(task), std::move(who), std::to_string(lease.count())}),
      [&my, done = std::move(done)](const Result<ReplyPtr>& reply) {
        my.answers.post<bool>(done, reply.ok() && integer_of(**reply) == 1);
      });
}

// ── the queue itself ──

void RedisQueue::depth(std::function<void(Result<Depth>)> done) {
  Parts& my = *parts_;
  my.ask<Depth>(
      my.command(my.scripts.depth, {}), "queue.depth",
      [capacity = my.options.capacity](const redisReply& reply) {
        Depth depth;
        depth.capacity = capacity;
        if (is_array(reply) && reply.elements == 2) {
          depth.waiting = static_cast<uint64_t>(std::max(0ll, integer_of(*reply.element[0])));
          depth.delivered = static_cast<uint64_t>(std::max(0ll, integer_of(*reply.element[1])));
        }
        return depth;
      },
      std::move(done));
}

void RedisQueue::restrain(std::string ns, std::string action, LaneRule rule,
                          std::function<void(Status)> done) {
  Parts& my = *parts_;
  my.ask<bool>(
      my.command(my.scripts.restrain, {redis::rule_name(ns, action), rule.paused ? "1" : "0",
                                       std::to_string(rule.max_delivered)}),
      "queue.restrain", [](const redisReply&) { return true; },
      [done = std::move(done)](const Result<bool>& told) {
        if (done) done(told.ok() ? Status() : Status(told.error()));
      });
}

void RedisQueue::rules(std::function<void(Result<Rules>)> done) {
  Parts& my = *parts_;
  my.ask<Rules>(
      my.command(my.scripts.rules, {}), "queue.rules",
      [](const redisReply& reply) {
        Rules rules;
        if (!is_array(reply) || reply.elements < 2) return rules;
        rules.complete = integer_of(*reply.element[0]) == 1;
        rules.forgotten_for = Millis(integer_of(*reply.element[1]));
        for (size_t i = 2; i + 1 < reply.elements; i += 2) {
          auto rule = redis::read_rule(text_of(*reply.element[i]), text_of(*reply.element[i + 1]));
          if (rule) rules.all.push_back(*std::move(rule));
        }
        return rules;
      },
      std::move(done));
}

void RedisQueue::rules_complete(std::function<void(Status)> done) {
  Parts& my = *parts_;
  my.ask<bool>(
      my.command(my.scripts.rules_complete, {}), "queue.rules_complete",
      [](const redisReply&) { return true; },
      [done = std::move(done)](const Result<bool>& told) {
        if (done) done(told.ok() ? Status() : Status(told.error()));
      });
}

void RedisQueue::hold(std::string runner, std::vector<Entry> entries) {
  Parts& my = *parts_;
  for (size_t begin = 0; begin < entries.size(); begin += kMaxHold) {
    redis::Command command = my.command(my.scripts.hold, {runner});
    for (size_t i = begin; i < std::min(entries.size(), begin + kMaxHold); ++i) {
      command.words.push_back(redis::bytes_of(entries[i].id));
      command.words.push_back(redis::lane_name(entries[i].lane));
    }
    my.commander.ask(std::move(command), nullptr);
  }
}

Status RedisQueue::ready() const {
  return parts_->commander.ready();
}

}  // namespace sluice
