#include "base/config/schema.h"

#include <utility>

namespace sluice::config {
namespace {

constexpr int64_t kDay = 86'400'000;

// How a member of Settings is read from and written as a Value. An enum's values stand in the order
// of the shape's choices.
template <class T>
Value to_value(const Shape& shape, const T& member) {
  if constexpr (std::is_enum_v<T>) {
    return std::string(shape.choices[static_cast<size_t>(member)]);
  } else if constexpr (std::is_same_v<T, Millis>) {
    return int64_t{member.count()};
  } else if constexpr (std::is_same_v<T, Settings::Tokens>) {
    if (member.entries.empty()) return member.file;
    return member.entries;
  } else {
    return member;
  }
}

template <class T>
T from_value(const Shape& shape, const Value& value) {
  if constexpr (std::is_enum_v<T>) {
    size_t at = 0;
    while (shape.choices[at] != std::get<std::string>(value)) ++at;
    return static_cast<T>(at);
  } else if constexpr (std::is_same_v<T, Millis>) {
    return Millis(std::get<int64_t>(value));
  } else if constexpr (std::is_same_v<T, Settings::Tokens>) {
    if (const auto* entries = std::get_if<Texts>(&value)) return {"", *entries};
    return {std::get<std::string>(value), {}};
  } else {
    return std::get<T>(value);
  }
}

// `place` says where in Settings the value is: a lambda that takes Settings& and returns the
// member.
template <class Place>
Setting row(std::string_view name, std::string_view block, std::string_view key,
            std::string_view environment, std::string_view flag, std::string_view placeholder,
            Shape shape, Place place, std::string_view help) {
  using T = std::remove_cvref_t<decltype(place(std::declval<Settings&>()))>;
  Setting setting{name, block, key, environment, flag, placeholder, help, std::move(shape), {}, {}};
  setting.read = [shape = setting.shape, place](const Settings& settings) {
    return to_value<T>(shape, place(const_cast<Settings&>(settings)));
  };
  setting.write = [shape = setting.shape, place](Settings& settings, const Value& value) {
    place(settings) = from_value<T>(shape, value);
  };
  return setting;
}

#define PLACE(member)         \
  [](Settings & s) -> auto& { \
    return s.member;          \
  }

Shape choice(std::vector<std::string_view> words) {
  return {.kind = Kind::kChoice, .choices = std::move(words)};
}
Shape between(Kind kind, int64_t min, int64_t max) {
  return {.kind = kind, .min = min, .max = max};
}
Shape any(Kind kind) {
  return {.kind = kind};
}
Shape url(std::string_view prefixes) {
  return {.kind = Kind::kText, .prefixes = prefixes};
}

// clang-format off: one setting, one row.
std::vector<Setting> make_schema() {
  using enum Kind;
  return {
      row("log.level", "Logger", "level", "SLUICE_LOG_LEVEL", "log-level", "LEVEL",
          choice({"debug", "info", "warn", "error", "off"}), PLACE(log.level),
          "Least important lines that are logged"),
      row("log.fancy", "Logger", "fancy", "SLUICE_LOG_FANCY", "", "", any(kSwitch),
          PLACE(log.fancy), "Colours, on a terminal"),
      row("log.timestamp", "Logger", "timestamp", "SLUICE_LOG_TIMESTAMP", "", "", any(kSwitch),
          PLACE(log.timestamp), "Begin each line with the time"),

      row("data", "", "", "SLUICE_DATA", "data", "DIR", any(kPath), PLACE(data_dir),
          "Folder of the database and its lock"),
      row("store", "", "", "SLUICE_STORE", "store", "STORE",
          choice({"sqlite", "memory", "mongodb"}), PLACE(store), "Where invocations are kept"),
      row("store.key", "Store", "key", "SLUICE_STORE_KEY", "", "", any(kKey), PLACE(store_key.key),
          "Seals the bytecode in the store; the same for the whole fleet"),
      row("store.key_file", "Store", "key_file", "SLUICE_STORE_KEY_FILE", "", "FILE", any(kPath),
          PLACE(store_key.file), "The same, from a file"),
      row("sqlite.path", "Sqlite", "path", "SLUICE_SQLITE_PATH", "", "FILE", any(kPath),
          PLACE(sqlite.path), "Database file; by default in the data folder"),
      row("sqlite.durability", "Sqlite", "durability", "SLUICE_DURABILITY", "durability", "HOW",
          choice({"full", "normal"}), PLACE(sqlite.durability),
          "full: on the disk before it is confirmed; normal: may lose the last moments with the "
          "power"),
      row("mongodb.url", "Mongodb", "url", "SLUICE_MONGO", "mongo", "URL",
          url("mongodb:// mongodb+srv://"), PLACE(mongodb.url),
          "Address of the fleet's MongoDB; its path names the database"),
      row("mongodb.port", "Mongodb", "port", "SLUICE_MONGO_PORT", "", "PORT",
          between(kNumber, 1, 65535), PLACE(mongodb.port), "Its port, where the URL has none"),
      row("mongodb.lease", "Mongodb", "lease", "SLUICE_LEASE", "", "MS",
          between(kMillis, 1'000, kDay), PLACE(mongodb.lease),
          "How long a job stays with a runner that is silent; the same for the whole fleet"),
      row("redis.url", "Redis", "url", "SLUICE_REDIS", "redis", "URL",
          url("redis:// rediss:// unix://"), PLACE(redis.url),
          "Address of the fleet's Redis, which holds the queue"),
      row("redis.prefix", "Redis", "prefix", "SLUICE_REDIS_PREFIX", "", "NAME", any(kText),
          PLACE(redis.prefix), "Of all its keys: what tells fleets in one Redis apart"),

      row("api.listen", "Api", "listen", "SLUICE_LISTEN", "listen", "ADDRESS", any(kAddress),
          PLACE(api.listen), "Address and port of the HTTP API; port 0 takes a free one"),
      row("api.tokens", "Api", "tokens", "SLUICE_TOKENS", "tokens", "FILE", any(kTokens),
          PLACE(api.tokens), "Who may use the API: entries that `sluice token` prints, one a line"),
      row("api.insecure", "Api", "insecure", "SLUICE_INSECURE", "insecure", "", any(kSwitch),
          PLACE(api.insecure), "Listen beyond this machine without asking for tokens"),
      row("api.hosts", "Api", "hosts", "SLUICE_HOSTS", "", "NAME,…", any(kTexts), PLACE(api.hosts),
          "Names by which clients know this server, besides its address and localhost"),
      row("api.origins", "Api", "origins", "SLUICE_ORIGINS", "", "ORIGIN,…",
          {.kind = kTexts, .prefixes = "https:// http://"}, PLACE(api.origins),
          "Origins of web pages that may use the API"),
      row("api.body_limit", "Api", "body_limit", "SLUICE_BODY_LIMIT", "body-limit", "BYTES",
          between(kBytes, 1 << 10, 64 << 20), PLACE(api.body_limit_bytes), "Longest request body"),
      row("api.connections", "Api", "connections", "SLUICE_CONNECTIONS", "", "N",
          between(kNumber, 1, 1'000'000), PLACE(api.connections), "Connections open at a time"),
      row("api.connections_per_ip", "Api", "connections_per_ip", "SLUICE_CONNECTIONS_PER_IP", "",
          "N", between(kNumber, 0, 1'000'000), PLACE(api.connections_per_ip),
          "Of them, how many one client address (IPv6: a /64) may have; 0: all"),
      row("api.header_timeout", "Api", "header_timeout", "SLUICE_HEADER_TIMEOUT", "", "MS",
          between(kMillis, 1'000, kDay), PLACE(api.header_timeout),
          "How long a request's headers may take to come in"),
      row("api.body_timeout", "Api", "body_timeout", "SLUICE_BODY_TIMEOUT", "", "MS",
          between(kMillis, 1'000, kDay), PLACE(api.body_timeout),
          "How long its body may take after them"),
      row("api.idle_timeout", "Api", "idle_timeout", "SLUICE_IDLE_TIMEOUT", "", "MS",
          between(kMillis, 1'000, kDay), PLACE(api.idle_timeout),
          "How long a connection is kept for the next request"),
      row("api.timeout", "Api", "timeout", "SLUICE_TIMEOUT", "", "MS", between(kMillis, 1, kDay),
          PLACE(api.timeout), "Time limit of an action that names none"),
      row("api.max_timeout", "Api", "max_timeout", "SLUICE_MAX_TIMEOUT", "", "MS",
          between(kMillis, 1, kDay), PLACE(api.max_timeout),
          "Highest time limit an action may name"),
      row("api.maxmem", "Api", "maxmem", "SLUICE_MAXMEM", "", "KB",
          between(kKilobytes, 64, 1 << 20), PLACE(api.maxmem_kb),
          "Memory limit of an action that names none"),
      row("api.max_maxmem", "Api", "max_maxmem", "SLUICE_MAX_MAXMEM", "", "KB",
          between(kKilobytes, 64, 1 << 20), PLACE(api.max_maxmem_kb),
          "Highest memory limit an action may name"),
      row("api.block", "Api", "block", "SLUICE_BLOCK", "", "WHEN", choice({"result", "durable"}),
          PLACE(api.block),
          "A blocking run is answered when its result is there, or when it is on the disk"),
      row("api.resolve_wait", "Api", "resolve_wait", "SLUICE_RESOLVE_WAIT", "", "MS",
          between(kMillis, 0, kDay), PLACE(api.resolve_wait),
          "How long GET /invocation/:id waits for the end"),
      row("api.max_wait", "Api", "max_wait", "SLUICE_MAX_WAIT", "", "MS", between(kMillis, 0, kDay),
          PLACE(api.max_wait), "The longest ?wait= of a request"),

      row("runner.workers", "Runner", "workers", "SLUICE_WORKERS", "workers", "N",
          between(kNumber, 0, 256), PLACE(runner.workers),
          "Processes that run Lua; 0 accepts jobs without running them"),
      row("runner.prefetch", "Runner", "prefetch", "SLUICE_PREFETCH", "prefetch", "N",
          between(kNumber, 0, 10'000), PLACE(runner.prefetch),
          "Jobs a runner of a fleet takes ahead at most, when they are quick"),
      row("runner.name", "Runner", "name", "SLUICE_RUNNER_NAME", "name", "NAME", any(kText),
          PLACE(runner.name), "Of this runner, for people; by default its host's"),
      row("runner.status", "Runner", "status", "SLUICE_STATUS", "status", "ADDRESS", any(kAddress),
          PLACE(runner.status), "Where a runner of a fleet answers /healthz, /readyz and /metrics"),
      row("runner.grace", "Runner", "grace", "SLUICE_GRACE", "grace", "MS",
          between(kMillis, 0, kDay), PLACE(runner.grace),
          "Time that running jobs have left when the program is stopped"),
      row("runner.retention", "Runner", "retention", "SLUICE_RETENTION", "", "MS",
          between(kMillis, 1'000, 3650 * kDay), PLACE(runner.retention),
          "How long finished records are kept"),
      row("runner.snapshot_cache", "Runner", "snapshot_cache", "SLUICE_SNAPSHOT_CACHE", "", "BYTES",
          between(kBytes, 1 << 20, int64_t{16} << 30), PLACE(runner.snapshot_cache_bytes),
          "Memory of a worker for the snapshots of actions"),
      row("runner.queue_capacity", "Runner", "queue_capacity", "SLUICE_QUEUE_CAPACITY", "", "N",
          between(kNumber, 1, 10'000'000), PLACE(runner.queue_capacity),
          "Invocations the in-process queue holds; more wait in the store"),
  };
}
// clang-format on
#undef PLACE

constexpr std::string_view kBlocks[] = {"Logger", "Nulldb", "Sqlite", "Mongodb", "Redis",
                                        "Store",  "Api",    "Runner", "Plugin"};

}  // namespace

const std::vector<Setting>& schema() {
  static const std::vector<Setting> rows = make_schema();
  return rows;
}

std::span<const std::string_view> block_names() {
  return kBlocks;
}

std::vector<std::string_view> keys_of(std::string_view block) {
  std::vector<std::string_view> keys;
  for (const Setting& setting : schema()) {
    if (!block.empty() && setting.block == block) keys.push_back(setting.key);
  }
  return keys;
}

std::string_view store_of_block(std::string_view block) {
  if (block == "Sqlite") return "sqlite";
  if (block == "Nulldb") return "memory";
  if (block == "Mongodb") return "mongodb";
  return {};
}

const Setting* find_setting(std::string_view block, std::string_view key) {
  for (const Setting& setting : schema()) {
    if (!key.empty() && setting.block == block && setting.key == key) return &setting;
  }
  return nullptr;
}

const Setting* find_setting(std::string_view name) {
  for (const Setting& setting : schema()) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

}  // namespace sluice::config
