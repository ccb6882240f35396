// The plugin "redis": what actions do with a Redis. README.md describes each of its actions.
#include <sodium.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "plugins/redis/pool.h"
#include "plugins/redis/settings.h"
#include "plugins/support/args.h"

namespace sluice::redis_plugin {
namespace {

using plugin::Args;
using plugin::Failure;
using plugin::Pending;

constexpr auto kInt64 = std::numeric_limits<int64_t>();

std::string from_base64(std::string_view key, const std::string& text) {
  std::string bytes(text.size(), '\0');
  size_t size = 0;
  const char* end = nullptr;
  // An empty one is an empty one; sodium would not say where it ends.
  if (!text.empty() &&
      (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                         text.size(), nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
       end != text.data() + text.size()))
    throw Failure("'" + std::string(key) + "' is not base64, as binary = true asks for");
  bytes.resize(size);
  return bytes;
}

class Redis {
 public:
  Redis(const sluice_host& host, std::string_view config)
      : settings_(read_settings(config)),
        max_answer_(static_cast<size_t>(std::min<uint64_t>(host.max_answer_bytes, kMostAnswer))),
        pool_(host, settings_.address, settings_.connect_timeout) {}

  std::string command(std::string_view payload, const Pending& call) {
    Args args(payload);
    Words words = args.words("args");
    const bool binary = args.flag("binary", false);
    args.done();
    settings_.commands.check(words);
    for (const std::string& word : words) check_size("args", word);
    return run(words, call, binary);
  }

  std::string get(std::string_view payload, const Pending& call) {
    Args args(payload);
    Words words = {"GET", key_of(args, "key")};
    const bool binary = args.flag("binary", false);
    args.done();
    return run(words, call, binary);
  }

  std::string set(std::string_view payload, const Pending& call) {
    Args args(payload);
    Words words = {"SET", key_of(args, "key"), value_of(args, "value")};
    if (args.has("ttl_ms")) {
      words.push_back("PX");
      words.push_back(std::to_string(args.integer("ttl_ms", 1, kInt64.max())));
    }
    const bool if_absent = args.flag("only_if_absent", false);
    const bool if_present = args.flag("only_if_present", false);
    args.done();
    if (if_absent && if_present)
      throw Failure("'only_if_absent' and 'only_if_present' are both given; nothing would be set");
    if (if_absent) words.push_back("NX");
    if (if_present) words.push_back("XX");
    return run(words, call) == "null" ? "false" : "true";
  }

  std::string incr(std::string_view payload, const Pending& call) {
    Args args(payload);
    Words words = {"INCRBY", key_of(args, "key"),
                   std::to_string(args.integer_or("by", 1, kInt64.min(), kInt64.max()))};
    args.done();
    return run(words, call);
  }

  std::string publish(std::string_view payload, const Pending& call) {
    Args args(payload);
    Words words = {"PUBLISH", key_of(args, "channel"), value_of(args, "message")};
    args.done();
    return run(words, call);
  }

  static constexpr plugin::Action<Redis> kActions[] = {{"command", &Redis::command},
                                                       {"get", &Redis::get},
                                                       {"set", &Redis::set},
                                                       {"incr", &Redis::incr},
                                                       {"publish", &Redis::publish}};

 private:
  static constexpr uint64_t kMostAnswer = uint64_t{1} << 30;

  void check_size(std::string_view key, const std::string& text) const {
    if (text.size() > static_cast<size_t>(settings_.max_value))
      throw Failure("'" + std::string(key) + "' has a text of " + std::to_string(text.size()) +
                    " bytes; the plugin's max_value allows " + std::to_string(settings_.max_value));
  }

  std::string key_of(Args& args, std::string_view name) const {
    std::string key = args.word(name);
    check_size(name, key);
    return settings_.prefix + key;
  }

  // Base64 where the payload says binary.
  std::string value_of(Args& args, std::string_view name) const {
    std::string value = args.word(name);
    if (args.flag("binary", false)) value = from_base64(name, value);
    check_size(name, value);
    return value;
  }

  std::string run(const Words& words, const Pending& call, bool binary = false) {
    Reply reply = pool_.run(words, {max_answer_, binary}, call);
    if (!reply.ok) throw Failure(reply.text);
    return std::move(reply.text);
  }

  const Settings settings_;
  const size_t max_answer_;
  Pool pool_;
};

}  // namespace
}  // namespace sluice::redis_plugin

SLUICE_PLUGIN(sluice::redis_plugin::Redis, "redis", "1.0.0", 0)
