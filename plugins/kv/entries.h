// The rows, on one connection: a writer's, within a transaction, or a reader's.
//
// What has expired is not there: every question takes the time, in milliseconds since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/kv/database.h"

namespace sluice::kv {

struct Row {
  int64_t id = 0;
  int64_t version = 0;
  std::optional<int64_t> expires_at;
  std::string value;  // JSON

  bool alive(int64_t now) const { return !expires_at || now < *expires_at; }
};

struct KeyPage {
  std::vector<std::string> keys;
  std::optional<std::string> next;  // where the next page goes on: not there at the end
};

class Entries {
 public:
  explicit Entries(Database& database) : database_(database) {}

  std::optional<Row> find(std::string_view key, int64_t now);

  struct Range {
    std::string prefix;
    std::optional<std::string> after;
    size_t limit = 0;
    size_t max_bytes = 0;  // of the keys together
  };
  KeyPage list(const Range& range, int64_t now);

  std::optional<int64_t> first_expiry();

  // For the writer, between load() and save() of one transaction.

  void load();  // the counters
  void save();
  int64_t keys() const { return counters_.keys; }  // those that have expired, too

  // A number that no write of this database has had.
  int64_t next_version() { return ++counters_.version; }
  // Writes the key, whether it was there, expired, or not.
  void put(std::string_view key, const Row& row);
  void remove(const Row& row);
  void expire_at(const Row& row, int64_t expires_at);
  bool is_row(std::string_view key);  // expired or not
  // Removes up to `limit` rows that have expired; how many it were.
  int64_t sweep(int64_t now, int64_t limit);

 private:
  struct Counters {
    int64_t version = 0;
    int64_t keys = 0;
    bool operator==(const Counters&) const = default;
  };

  Statement& use(Statement& statement, const char* sql);

  Database& database_;
  Counters counters_, saved_;
  Statement find_, is_row_, list_, first_expiry_, load_, save_, put_, remove_, expire_at_, sweep_;
};

}  // namespace sluice::kv
