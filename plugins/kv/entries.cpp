#include "plugins/kv/entries.h"

#include <algorithm>

namespace sluice::kv {
namespace {

// Rows that one page may look at: those that have expired and are not yet swept cost time, too.
constexpr size_t kMaxScanned = 10'000;

std::optional<int64_t> read_optional(Statement& statement) {
  const bool none = statement.next_is_null();
  const int64_t value = statement.read_int();
  return none ? std::nullopt : std::optional(value);
}

// The first key behind all that begin with `prefix`. Keys are UTF-8, which has no byte of 0xff.
std::string end_of(std::string prefix) {
  if (prefix.empty()) return "\xff";
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

// The first key that a page may have.
std::string begin_of(const Entries::Range& range) {
  if (!range.after) return range.prefix;
  // Nothing lies between a key and the same with a zero byte behind it.
  return std::max(range.prefix, *range.after + '\0');
}

}  // namespace

Statement& Entries::use(Statement& statement, const char* sql) {
  if (!statement) statement = database_.prepare(sql);
  return statement;
}

std::optional<Row> Entries::find(std::string_view key, int64_t now) {
  Statement& find = use(find_, "SELECT id, version, expires_at, value FROM entries WHERE key = ?");
  ResetAtEnd reset(find);
  if (!find.bind_bytes(key).step()) return std::nullopt;
  Row row;
  row.id = find.read_int();
  row.version = find.read_int();
  row.expires_at = read_optional(find);
  if (!row.alive(now)) return std::nullopt;
  row.value = find.read_bytes();
  return row;
}

bool Entries::is_row(std::string_view key) {
  Statement& is_row = use(is_row_, "SELECT 1 FROM entries WHERE key = ?");
  ResetAtEnd reset(is_row);
  return is_row.bind_bytes(key).step();
}

KeyPage Entries::list(const Range& range, int64_t now) {
  const std::string begin = begin_of(range), end = end_of(range.prefix);
  KeyPage page;
  size_t scanned = 0, bytes = 0;
  std::string last;
  Statement& list =
      use(list_, "SELECT key, expires_at FROM entries WHERE key >= ? AND key < ? ORDER BY key");
  ResetAtEnd reset(list);
  list.bind_bytes(begin).bind_bytes(end);
  while (list.step()) {
    std::string key = list.read_bytes();
    const auto expires_at = read_optional(list);
    const bool alive = !expires_at || now < *expires_at;
    const bool full = page.keys.size() == range.limit ||
                      (!page.keys.empty() && bytes + key.size() > range.max_bytes);
    if ((alive && full) || scanned == kMaxScanned) {
      page.next = page.keys.empty() || scanned == kMaxScanned ? last : page.keys.back();
      break;
    }
    ++scanned;
    last = key;
    if (!alive) continue;
    bytes += key.size();
    page.keys.push_back(std::move(key));
  }
  return page;
}

std::optional<int64_t> Entries::first_expiry() {
  Statement& first = use(first_expiry_,
                         "SELECT expires_at FROM entries WHERE expires_at IS NOT NULL"
                         " ORDER BY expires_at LIMIT 1");
  ResetAtEnd reset(first);
  return first.step() ? std::optional(first.read_int()) : std::nullopt;
}

void Entries::load() {
  Statement& load = use(load_, "SELECT version, keys FROM counters");
  ResetAtEnd reset(load);
  if (!load.step()) throw SqliteError(SQLITE_CORRUPT, "the table counters is empty");
  counters_.version = load.read_int();
  counters_.keys = load.read_int();
  saved_ = counters_;
}

void Entries::save() {
  if (counters_ == saved_) return;
  use(save_, "UPDATE counters SET version = ?, keys = ?")
      .bind(counters_.version)
      .bind(counters_.keys)
      .run();
  saved_ = counters_;
}

void Entries::put(std::string_view key, const Row& row) {
  const bool is_new = row.id == 0 && !is_row(key);
  Statement& put = use(put_,
                       "INSERT INTO entries(key, version, expires_at, value) VALUES(?, ?, ?, ?)"
                       " ON CONFLICT(key) DO UPDATE SET version = excluded.version,"
                       " expires_at = excluded.expires_at, value = excluded.value");
  put.bind_bytes(key).bind(row.version);
  if (row.expires_at) {
    put.bind(*row.expires_at);
  } else {
    put.bind_null();
  }
  put.bind_text(row.value).run();
  if (is_new) ++counters_.keys;
}

void Entries::remove(const Row& row) {
  use(remove_, "DELETE FROM entries WHERE id = ?").bind(row.id).run();
  counters_.keys -= database_.changes();
}

void Entries::expire_at(const Row& row, int64_t expires_at) {
  use(expire_at_, "UPDATE entries SET expires_at = ? WHERE id = ?")
      .bind(expires_at)
      .bind(row.id)
      .run();
}

int64_t Entries::sweep(int64_t now, int64_t limit) {
  use(sweep_,
      "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE expires_at <= ?"
      " ORDER BY expires_at LIMIT ?)")
      .bind(now)
      .bind(limit)
      .run();
  const int64_t swept = database_.changes();
  counters_.keys -= swept;
  return swept;
}

}  // namespace sluice::kv
