// The plugin: payloads in, answers out. The store is in store.h.
#include <chrono>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

#include "plugins/kv/store.h"
#include "plugins/support/args.h"
#include "sluice/plugin.hpp"

namespace sluice::kv {
namespace {

using plugin::Args;
using plugin::Failure;
using plugin::Pending;

constexpr int64_t kMaxVersion = std::numeric_limits<int64_t>::max();
constexpr int64_t kMaxTtlMs = 3'155'760'000'000;  // a hundred years
constexpr int64_t kMaxListed = 1000;
constexpr size_t kMaxAsked = 1000;      // keys of one get_many
constexpr size_t kAnswerMargin = 1024;  // for what an answer has beside its value
constexpr int64_t kLeastBytes = 64 << 10;

int64_t wall_ms() {
  using std::chrono::duration_cast;
  return duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string path_in(Args& config) {
  const auto path = config.optional_text("path");
  if (!path || path->empty())
    throw Failure(
        "the configuration needs 'path', the file of the store: an absolute path, or one from "
        "the server's working directory");
  if (path->find('\0') != std::string::npos) throw Failure("'path' has a zero byte in it");
  if (path->front() == ':')
    throw Failure("'path' must be a file, not '" + *path + "': a store outlives the server");
  return std::filesystem::absolute(*path).lexically_normal().string();
}

bool sync_full_in(Args& config) {
  const std::string durability = config.optional_text("durability").value_or("full");
  if (durability != "full" && durability != "normal")
    throw Failure("'durability' must be \"full\" or \"normal\", not " + plugin::quote(durability));
  return durability == "full";
}

StoreOptions options_of(const sluice_host& host, std::string_view text) {
  Args config(text, "the configuration");
  StoreOptions options;
  const auto longest = static_cast<int64_t>(host.max_answer_bytes > 2 * kAnswerMargin
                                                ? host.max_answer_bytes - kAnswerMargin
                                                : kAnswerMargin);
  options.path = path_in(config);
  options.sync_full = sync_full_in(config);
  options.max_key_bytes = static_cast<size_t>(config.integer_or("max_key_bytes", 512, 1, 4096));
  options.max_value_bytes = static_cast<size_t>(
      config.integer_or("max_value_bytes", std::min<int64_t>(256 << 10, longest), 1, longest));
  options.max_keys = config.integer_or("max_keys", 1'000'000, 1, 1'000'000'000);
  options.max_bytes = config.integer_or("max_bytes", 1ll << 30, kLeastBytes, 1ll << 43);
  config.done();
  options.readers = std::max<size_t>(1, host.concurrency);
  options.now = &wall_ms;
  options.log_error = [&host](const std::string& line) {
    plugin::log(host, SLUICE_LOG_ERROR, line);
  };
  return options;
}

Deadline deadline_of(const Pending& call) {
  if (call.abandoned()) throw Failure("nobody waits for the answer any more");
  return std::chrono::steady_clock::now() + call.remaining();
}

std::optional<int64_t> optional_ttl(Args& args) {
  if (!args.has("ttl_ms")) return std::nullopt;
  return args.integer("ttl_ms", 1, kMaxTtlMs);
}

void append(std::string& json, const char* name, int64_t number) {
  json.append(",\"").append(name).append("\":").append(std::to_string(number));
}

// Without its braces: "value":…,"version":…
std::string members(const Entry& entry) {
  std::string json = "\"value\":" + entry.value;
  append(json, "version", entry.version);
  if (entry.ttl_ms) append(json, "ttl_ms", *entry.ttl_ms);
  return json;
}

std::string conflict(const Outcome& outcome, const char* begin) {
  return begin + (outcome.current ? ',' + members(*outcome.current) : std::string()) + '}';
}

}  // namespace

class Kv {
 public:
  Kv(const sluice_host& host, std::string_view config)
      : max_answer_bytes_(host.max_answer_bytes), store_(options_of(host, config)) {}

  std::string get(std::string_view payload, const Pending& call) {
    Args args(payload);
    const std::string key = args.text("key");
    args.done();
    const auto entry = store_.get(key, deadline_of(call));
    return entry ? '{' + members(*entry) + '}' : "null";
  }

  std::string get_many(std::string_view payload, const Pending& call) {
    Args args(payload);
    const std::vector<std::string> keys = args.texts("keys");
    args.done();
    if (keys.empty() || keys.size() > kMaxAsked)
      throw Failure("'keys' must have 1 to " + std::to_string(kMaxAsked) + " of them, not " +
                    std::to_string(keys.size()));
    std::string json = "{\"entries\":{";
    for (const auto& [key, entry] : store_.get_many(keys, max_answer_bytes_, deadline_of(call))) {
      if (json.back() != '{') json += ',';
      json += plugin::quote(key) + ":{" + members(entry) + '}';
    }
    return json + "}}";
  }

  std::string set(std::string_view payload, const Pending& call) {
    Args args(payload);
    Store::Set set;
    set.key = args.text("key");
    set.value = args.json("value");
    set.ttl_ms = optional_ttl(args);
    if (args.has("if_version")) set.if_version = args.integer("if_version", 0, kMaxVersion);
    if (args.flag("if_absent", false)) {
      if (set.if_version) throw Failure("'if_version' and 'if_absent' cannot go together");
      set.if_version = 0;
    }
    args.done();
    const Outcome outcome = store_.set(std::move(set), deadline_of(call));
    if (outcome.conflict) return conflict(outcome, "{\"conflict\":true");
    return "{\"version\":" + std::to_string(outcome.version) + '}';
  }

  std::string remove(std::string_view payload, const Pending& call) {
    Args args(payload);
    std::string key = args.text("key");
    std::optional<int64_t> if_version;
    if (args.has("if_version")) if_version = args.integer("if_version", 1, kMaxVersion);
    args.done();
    const Outcome outcome = store_.remove(std::move(key), if_version, deadline_of(call));
    if (outcome.conflict) return conflict(outcome, "{\"deleted\":false,\"conflict\":true");
    return outcome.changed ? "{\"deleted\":true}" : "{\"deleted\":false}";
  }

  std::string incr(std::string_view payload, const Pending& call) {
    Args args(payload);
    std::string key = args.text("key");
    const int64_t by = args.integer_or("by", 1, std::numeric_limits<int64_t>::min(),
                                       std::numeric_limits<int64_t>::max());
    const auto ttl_ms = optional_ttl(args);
    args.done();
    return '{' + members(store_.incr(std::move(key), by, ttl_ms, deadline_of(call))) + '}';
  }

  std::string list(std::string_view payload, const Pending& call) {
    Args args(payload);
    const std::string prefix = args.optional_text("prefix").value_or("");
    const auto after = args.optional_text("after");
    const auto limit = static_cast<size_t>(args.integer_or("limit", 100, 1, kMaxListed));
    args.done();
    // A byte of a key may need six in JSON, and each key has its quotes and its comma.
    const size_t room = max_answer_bytes_ > 2 * kAnswerMargin
                            ? (max_answer_bytes_ - kAnswerMargin) / 8
                            : kAnswerMargin;
    const Page page = store_.list(prefix, after, limit, room, deadline_of(call));
    std::string json = "{\"keys\":[";
    for (const std::string& key : page.keys) {
      if (json.back() != '[') json += ',';
      json += plugin::quote(key);
    }
    json += ']';
    if (page.next) json += ",\"next\":" + plugin::quote(*page.next);
    return json + '}';
  }

  std::string touch(std::string_view payload, const Pending& call) {
    Args args(payload);
    std::string key = args.text("key");
    const int64_t ttl_ms = args.integer("ttl_ms", 1, kMaxTtlMs);
    args.done();
    const bool touched = store_.touch(std::move(key), ttl_ms, deadline_of(call));
    return touched ? "{\"touched\":true}" : "{\"touched\":false}";
  }

  static constexpr plugin::Action<Kv> kActions[] = {
      {"delete", &Kv::remove}, {"get", &Kv::get}, {"get_many", &Kv::get_many}, {"incr", &Kv::incr},
      {"list", &Kv::list},     {"set", &Kv::set}, {"touch", &Kv::touch},
  };

 private:
  const size_t max_answer_bytes_;
  Store store_;
};

}  // namespace sluice::kv

SLUICE_PLUGIN(sluice::kv::Kv, "kv", "1.0.0", 0)
