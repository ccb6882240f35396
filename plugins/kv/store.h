// A key-value store in one SQLite file: values with a version and, where asked for, an end.
//
// Keys are UTF-8 and sorted by their bytes; values are JSON, kept as the text that came. A key that
// has expired is not there, from that millisecond on, whatever is asked. Versions are numbers that
// rise with every write of the database: none comes twice.
//
// Threads: every method from any, several at a time. Each waits no longer than its deadline. What
// cannot be done is thrown: a plugin::Failure for the caller, a SqliteError when the file itself is
// the trouble. Several processes may have the same file open.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/kv/database.h"

namespace sluice::kv {

struct StoreOptions {
  std::string path;
  bool sync_full =
      true;  // a write is on disk when it is answered; else it survives the process, not the power
  size_t max_key_bytes = 512;
  size_t max_value_bytes = 256 << 10;
  int64_t max_keys = 1'000'000;
  int64_t max_bytes = 1ll << 30;  // of the file; the write-ahead log comes on top
  size_t readers = 4;

  std::function<int64_t()> now;                       // milliseconds since 1970; from any thread
  std::function<void(const std::string&)> log_error;  // from any thread

  size_t max_batch = 64;                        // writes in one commit
  std::chrono::milliseconds sweep_every{1000};  // how often it looks for what has expired
  std::string vfs;                              // for tests
};

struct Entry {
  std::string value;  // JSON
  int64_t version = 0;
  std::optional<int64_t> ttl_ms;  // what is left, at least 1; none: it stays
};

// What a write with a condition came to.
struct Outcome {
  bool conflict = false;         // nothing was changed
  std::optional<Entry> current;  // in conflict: what is there
  bool changed = false;
  int64_t version = 0;  // of what was written
};

struct Page {
  std::vector<std::string> keys;
  std::optional<std::string> next;  // `after` of the next page; none: that was all
};

class Store {
 public:
  // Makes the file, or checks it. Throws Failure, which names it.
  explicit Store(StoreOptions options);
  ~Store();

  std::optional<Entry> get(const std::string& key, Deadline deadline);
  // Those that are there, all as of one moment. More than `max_bytes` of keys and values: Failure.
  std::map<std::string, Entry> get_many(const std::vector<std::string>& keys, size_t max_bytes,
                                        Deadline deadline);
  // In the order of their bytes. A page may be shorter than `limit` and have a next one all the
  // same.
  Page list(const std::string& prefix, const std::optional<std::string>& after, size_t limit,
            size_t max_bytes, Deadline deadline);

  struct Set {
    std::string key;
    std::string value;
    std::optional<int64_t> ttl_ms;
    std::optional<int64_t> if_version;  // 0: only if the key is not there
  };
  Outcome set(Set set, Deadline deadline);
  Outcome remove(std::string key, std::optional<int64_t> if_version, Deadline deadline);
  // A key that is not there counts from 0 and gets the ttl; one that is there keeps its own.
  Entry incr(std::string key, int64_t by, std::optional<int64_t> ttl_ms, Deadline deadline);
  // Whether the key was there. Leaves value and version as they are.
  bool touch(std::string key, int64_t ttl_ms, Deadline deadline);

  struct Stats {
    int64_t keys = 0;  // rows, those that have expired and are not yet removed too
    uint64_t commits = 0;
    uint64_t swept = 0;
  };
  Stats stats();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::kv
