// HeldStore: a store whose answers can be held back or made to fail.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace sluice::test {

// Passes everything on; can hold back the answers to inserts and finishes, and refuse inserts.
class HeldStore final : public Store {
 public:
  explicit HeldStore(Store& store) : store_(store) {}

  bool hold_inserts = false;
  bool hold_finishes = false;
  bool hold_codes = false;
  bool hold_renewals = false;
  std::optional<Error> refuse_codes;  // find_code's answer
  bool lose_leases = false;           // renewals are answered as after a long silence
  bool hold_records = false;  // what is claimed is not recorded yet, and when_recorded has to wait
  std::optional<Error> refuse_records;  // when_recorded's answer
  std::optional<Error> refuse;          // inserts, and ready()
  size_t insert_calls = 0;
  size_t find_action_calls = 0;
  size_t when_recorded_calls = 0;
  std::vector<Uuid> hurried;

  // Lets go of what was held back, in order.
  void release() {
    const auto held = std::exchange(held_, {});
    for (const auto& answer : held) answer();
  }
  size_t held() const { return held_.size(); }

  void insert(std::vector<SubmissionPtr> items, Urgency urgency,
              Done<std::vector<Inserted>> done) override {
    ++insert_calls;
    if (refuse) {
      std::vector<Inserted> results;
      for (const auto& item : items) results.push_back({*refuse, item->id, false});
      held_.push_back([done = std::move(done), results] { done(results); });
      return;
    }
    store_.insert(std::move(items), urgency, holding<std::vector<Inserted>>(hold_inserts, done));
  }
  void finish(std::vector<Finish> items, Urgency urgency, Done<std::vector<Status>> done) override {
    store_.finish(std::move(items), urgency, holding<std::vector<Status>>(hold_finishes, done));
  }
  void hurry(std::vector<Uuid> ids) override {
    hurried.insert(hurried.end(), ids.begin(), ids.end());
    store_.hurry(std::move(ids));
  }
  Millis lease() const override { return store_.lease(); }
  Status ready() const override { return refuse ? Status(*refuse) : store_.ready(); }

  void claim(std::vector<Uuid> ids, Claim claim,
             Done<std::vector<Result<Delivery>>> done) override {
    store_.claim(std::move(ids), std::move(claim),
                 [this, done = std::move(done)](std::vector<Result<Delivery>> claimed) {
                   for (auto& delivery : claimed) {
                     if (delivery.ok() && hold_records) delivery->recorded = false;
                   }
                   done(std::move(claimed));
                 });
  }
  void when_recorded(Uuid id, Done<Status> done) override {
    ++when_recorded_calls;
    store_.when_recorded(
        id, holding<Status>(hold_records, [this, done = std::move(done)](Status status) {
          done(refuse_records ? Status(*refuse_records) : std::move(status));
        }));
  }
  void renew(std::vector<Uuid> ids, Uuid token, Done<std::vector<Renewed>> done) override {
    store_.renew(std::move(ids), token,
                 [lost = lose_leases, answer = holding<std::vector<Renewed>>(
                                          hold_renewals, std::move(done))](auto renewed) {
                   answer(lost ? std::vector<Renewed>(renewed.size()) : std::move(renewed));
                 });
  }
  void cancel(std::vector<Uuid> ids, Done<std::vector<Status>> done) override {
    store_.cancel(std::move(ids), std::move(done));
  }
  void due(DueCursor after, size_t limit, Done<Result<DuePage>> done) override {
    store_.due(after, limit, std::move(done));
  }
  void find(Uuid id, Done<Result<Invocation>> done) override { store_.find(id, std::move(done)); }
  void list(ListQuery query, Done<Result<std::vector<Invocation>>> done) override {
    store_.list(std::move(query), std::move(done));
  }
  void count(std::string ns, Done<Result<Counts>> done) override {
    store_.count(std::move(ns), std::move(done));
  }
  void expire(size_t limit, Done<Result<size_t>> done) override {
    store_.expire(limit, std::move(done));
  }
  void put_action(PutMode mode, Action action, CodeRecord code,
                  Done<Result<Action>> done) override {
    store_.put_action(mode, std::move(action), std::move(code), std::move(done));
  }
  void find_action(std::string ns, std::string name, Done<Result<Action>> done) override {
    ++find_action_calls;
    store_.find_action(std::move(ns), std::move(name), std::move(done));
  }
  void list_actions(std::string ns, Done<Result<std::vector<Action>>> done) override {
    store_.list_actions(std::move(ns), std::move(done));
  }
  void capped_actions(Done<Result<std::vector<Action>>> done) override {
    store_.capped_actions(std::move(done));
  }
  void delete_action(std::string ns, std::string name, Done<Status> done) override {
    store_.delete_action(std::move(ns), std::move(name), std::move(done));
  }
  void find_code(Sha256 hash, Done<Result<CodePtr>> done) override {
    store_.find_code(
        hash,
        holding<Result<CodePtr>>(hold_codes, [this, done = std::move(done)](Result<CodePtr> code) {
          done(refuse_codes ? Result<CodePtr>(*refuse_codes) : std::move(code));
        }));
  }
  void put_bytecode(Sha256 hash, std::string bytecode, std::string lua_tag,
                    Done<Status> done) override {
    store_.put_bytecode(hash, std::move(bytecode), std::move(lua_tag), std::move(done));
  }
  void flush(Done<Status> done) override { store_.flush(std::move(done)); }

 private:
  template <class T>
  Done<T> holding(const bool& hold, Done<T> done) {
    return [this, &hold, done = std::move(done)](T value) {
      if (!hold) return done(std::move(value));
      held_.push_back([done, value = std::move(value)] { done(value); });
    };
  }

  Store& store_;
  std::vector<std::function<void()>> held_;
};

}  // namespace sluice::test
