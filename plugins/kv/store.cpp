#include "plugins/kv/store.h"

#include <charconv>
#include <utility>

#include "plugins/kv/entries.h"
#include "plugins/kv/readers.h"
#include "plugins/kv/schema.h"
#include "plugins/kv/writer.h"
#include "sluice/plugin.hpp"

namespace sluice::kv {
namespace {

using plugin::Failure;

constexpr int64_t kSweptForRoom = 16;  // rows

FileOptions file_of(const StoreOptions& options) {
  return {options.path, options.vfs, options.sync_full, options.max_bytes};
}

Entry entry_of(Row row, int64_t now) {
  Entry entry{std::move(row.value), row.version, std::nullopt};
  if (row.expires_at) entry.ttl_ms = *row.expires_at - now;
  return entry;
}

std::optional<int64_t> expiry(std::optional<int64_t> ttl_ms, int64_t now) {
  return ttl_ms ? std::optional(now + *ttl_ms) : std::nullopt;
}

// Whether what is there is what the caller has seen.
bool matches(const std::optional<Row>& row, std::optional<int64_t> if_version) {
  return !if_version || *if_version == (row ? row->version : 0);
}

Outcome conflict(std::optional<Row> row, int64_t now) {
  Outcome outcome;
  outcome.conflict = true;
  if (row) outcome.current = entry_of(std::move(*row), now);
  return outcome;
}

// A JSON value as a number to count with.
int64_t number_of(const std::string& key, const std::string& value) {
  int64_t number = 0;
  const char* end = value.data() + value.size();
  const auto [at, error] = std::from_chars(value.data(), end, number);
  if (error == std::errc() && at == end) return number;
  const char first = value.empty() ? ' ' : value.front();
  const char* kind = first == '"'                   ? "a text"
                     : first == '{'                 ? "an object"
                     : first == '['                 ? "an array"
                     : first == 't' || first == 'f' ? "true or false"
                                                    : "a number that is no whole one of 64 bits";
  throw Failure("'" + key + "' holds " + kind + ": incr needs a whole number");
}

}  // namespace

struct Store::Parts {
  explicit Parts(StoreOptions given)
      : options(std::move(given)),
        writer(open_for_writing(file_of(options)),
               {options.now,
                [this](const std::string& text) {
                  options.log_error("'" + options.path + "': " + text);
                },
                options.max_batch, options.sweep_every}),
        readers(file_of(options), options.readers) {}

  void check_key(const std::string& key) const {
    if (key.empty() || key.size() > options.max_key_bytes)
      throw Failure("a key must have 1 to " + std::to_string(options.max_key_bytes) +
                    " bytes, not " + std::to_string(key.size()));
  }

  // `work` answers a T; it owns all that it refers to.
  template <class T>
  T write(std::function<T(Entries&, int64_t now)> work, Deadline deadline) {
    auto answer = std::make_shared<T>();
    const Writer::Work job = [this, answer, work = std::move(work)](Entries& entries) {
      *answer = work(entries, options.now());
    };
    try {
      writer.run(job, deadline);
    } catch (const SqliteError& error) {
      throw named(error);
    }
    return std::move(*answer);
  }

  // What `question` answers, of one moment.
  template <class Question>
  auto read(Deadline deadline, Question question) {
    try {
      const auto reader = readers.borrow(deadline);
      struct Moment {
        explicit Moment(Database& database) : database(database) { database.execute("BEGIN"); }
        ~Moment() { database.roll_back(); }
        Database& database;
      } moment(reader->database);
      return question(reader->entries, options.now());
    } catch (const SqliteError& error) {
      if (error.primary() == SQLITE_BUSY) throw Failure("the store is locked by another process");
      throw named(error);
    }
  }

  // For the log, which has the lines of all plugins.
  SqliteError named(const SqliteError& error) const {
    return SqliteError(error.code, "'" + options.path + "': " + error.what());
  }

  // Before a key is added.
  void make_room(Entries& entries, const std::string& key, int64_t now) const {
    if (entries.keys() < options.max_keys || entries.is_row(key)) return;
    if (entries.sweep(now, kSweptForRoom) > 0 && entries.keys() < options.max_keys) return;
    throw Failure("the store is full: its max_keys is " + std::to_string(options.max_keys) +
                  "; nothing was changed");
  }

  const StoreOptions options;
  Writer writer;
  Readers readers;
};

Store::Store(StoreOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}

Store::~Store() = default;

std::optional<Entry> Store::get(const std::string& key, Deadline deadline) {
  parts_->check_key(key);
  return parts_->read(deadline, [&](Entries& entries, int64_t now) -> std::optional<Entry> {
    auto row = entries.find(key, now);
    if (!row) return std::nullopt;
    return entry_of(std::move(*row), now);
  });
}

std::map<std::string, Entry> Store::get_many(const std::vector<std::string>& keys, size_t max_bytes,
                                             Deadline deadline) {
  for (const std::string& key : keys) parts_->check_key(key);
  return parts_->read(deadline, [&](Entries& entries, int64_t now) {
    std::map<std::string, Entry> found;
    size_t bytes = 0;
    for (const std::string& key : keys) {
      if (found.count(key) != 0) continue;
      auto row = entries.find(key, now);
      if (!row) continue;
      bytes += key.size() + row->value.size();
      if (bytes > max_bytes)
        throw Failure("the values are longer than an answer may be (" + std::to_string(max_bytes) +
                      " bytes): ask for fewer keys at a time");
      found.emplace(key, entry_of(std::move(*row), now));
    }
    return found;
  });
}

Page Store::list(const std::string& prefix, const std::optional<std::string>& after, size_t limit,
                 size_t max_bytes, Deadline deadline) {
  return parts_->read(deadline, [&](Entries& entries, int64_t now) {
    KeyPage page = entries.list({prefix, after, limit, max_bytes}, now);
    return Page{std::move(page.keys), std::move(page.next)};
  });
}

Outcome Store::set(Set set, Deadline deadline) {
  parts_->check_key(set.key);
  if (set.value.size() > parts_->options.max_value_bytes)
    throw Failure("the value has " + std::to_string(set.value.size()) + " bytes as JSON; at most " +
                  std::to_string(parts_->options.max_value_bytes) + " are taken");
  return parts_->write<Outcome>(
      [parts = parts_.get(), set = std::move(set)](Entries& entries, int64_t now) {
        auto row = entries.find(set.key, now);
        if (!matches(row, set.if_version)) return conflict(std::move(row), now);
        if (!row) parts->make_room(entries, set.key, now);
        Row wanted;
        wanted.id = row ? row->id : 0;
        wanted.version = entries.next_version();
        wanted.expires_at = expiry(set.ttl_ms, now);
        wanted.value = set.value;
        entries.put(set.key, wanted);
        Outcome outcome;
        outcome.changed = true;
        outcome.version = wanted.version;
        return outcome;
      },
      deadline);
}

Outcome Store::remove(std::string key, std::optional<int64_t> if_version, Deadline deadline) {
  parts_->check_key(key);
  return parts_->write<Outcome>(
      [key = std::move(key), if_version](Entries& entries, int64_t now) {
        auto row = entries.find(key, now);
        if (!matches(row, if_version)) return conflict(std::move(row), now);
        Outcome outcome;
        outcome.changed = row.has_value();
        if (row) entries.remove(*row);
        return outcome;
      },
      deadline);
}

Entry Store::incr(std::string key, int64_t by, std::optional<int64_t> ttl_ms, Deadline deadline) {
  parts_->check_key(key);
  return parts_->write<Entry>(
      [parts = parts_.get(), key = std::move(key), by, ttl_ms](Entries& entries, int64_t now) {
        Row row;
        if (auto found = entries.find(key, now)) {
          row = std::move(*found);
        } else {
          parts->make_room(entries, key, now);
          row.value = "0";
          row.expires_at = expiry(ttl_ms, now);
        }
        const int64_t before = number_of(key, row.value);
        int64_t sum = 0;
        if (__builtin_add_overflow(before, by, &sum))
          throw Failure("'" + key + "' holds " + row.value + ": adding " + std::to_string(by) +
                        " leaves the range of 64 bits");
        row.value = std::to_string(sum);
        row.version = entries.next_version();
        entries.put(key, row);
        return entry_of(std::move(row), now);
      },
      deadline);
}

bool Store::touch(std::string key, int64_t ttl_ms, Deadline deadline) {
  parts_->check_key(key);
  return parts_->write<bool>(
      [key = std::move(key), ttl_ms](Entries& entries, int64_t now) {
        const auto row = entries.find(key, now);
        if (row) entries.expire_at(*row, now + ttl_ms);
        return row.has_value();
      },
      deadline);
}

Store::Stats Store::stats() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const int64_t keys = parts_->read(deadline, [](Entries& entries, int64_t) {
    entries.load();
    return entries.keys();
  });
  const auto written = parts_->writer.stats();
  return {keys, written.commits, written.swept};
}

}  // namespace sluice::kv
