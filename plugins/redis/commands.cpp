#include "plugins/redis/commands.h"

#include <algorithm>

#include "sluice/plugin.hpp"

namespace sluice::redis_plugin {
namespace {

// Data by key; none blocks, looks at other keys than it names, or is about the server.
constexpr std::string_view kHarmless =
    "APPEND,DECR,DECRBY,DEL,ECHO,EXISTS,EXPIRE,EXPIREAT,GET,GETDEL,GETEX,GETRANGE,GETSET,HDEL,"
    "HEXISTS,HGET,HGETALL,HINCRBY,HINCRBYFLOAT,HKEYS,HLEN,HMGET,HMSET,HSET,HSETNX,HVALS,INCR,"
    "INCRBY,INCRBYFLOAT,LINDEX,LINSERT,LLEN,LPOP,LPUSH,LPUSHX,LRANGE,LREM,LSET,LTRIM,MGET,MSET,"
    "MSETNX,PERSIST,PEXPIRE,PEXPIREAT,PFADD,PFCOUNT,PING,PSETEX,PTTL,PUBLISH,RPOP,RPUSH,RPUSHX,"
    "SADD,SCARD,SET,SETEX,SETNX,SETRANGE,SISMEMBER,SMEMBERS,SMISMEMBER,SPOP,SRANDMEMBER,SREM,"
    "STRLEN,TTL,TYPE,UNLINK,XACK,XADD,XDEL,XLEN,XRANGE,XREVRANGE,XTRIM,ZADD,ZCARD,ZCOUNT,ZINCRBY,"
    "ZPOPMAX,ZPOPMIN,ZRANGE,ZRANGEBYSCORE,ZRANK,ZREM,ZREMRANGEBYRANK,ZREMRANGEBYSCORE,ZREVRANGE,"
    "ZREVRANK,ZSCORE";

constexpr const char* kBlocks = "it waits, and with it a thread of the server";

// Whatever the configuration says.
struct Refusal {
  std::string_view names;
  const char* why;
};
constexpr Refusal kRefused[] = {
    {"BLPOP,BRPOP,BRPOPLPUSH,BLMOVE,BLMPOP,BZPOPMIN,BZPOPMAX,BZMPOP,WAIT,WAITAOF", kBlocks},
    {"SUBSCRIBE,PSUBSCRIBE,SSUBSCRIBE,UNSUBSCRIBE,PUNSUBSCRIBE,SUNSUBSCRIBE,MONITOR",
     "it makes the connection, which calls share, a stream of messages"},
    {"MULTI,EXEC,DISCARD,WATCH,UNWATCH",
     "a transaction spans calls, and the next on the connection may be another action's; a script "
     "(EVAL) does it in one call"},
    {"SELECT,AUTH,HELLO,CLIENT,ASKING,READONLY,READWRITE,RESET,SCRIPT DEBUG",
     "it changes the connection for the next call that uses it"},
    {"QUIT", "it ends the connection, which calls share"},
    {"SHUTDOWN", "it ends the Redis server"},
    {"DEBUG", "it can stop or crash the Redis server"},
    {"SYNC,PSYNC,REPLCONF", "it makes the connection that of a replica"}};

// Those of Redis itself that have subcommands. A module's are known by a dot in their names.
constexpr std::string_view kContainers =
    "ACL,CLIENT,CLUSTER,COMMAND,CONFIG,DEBUG,FUNCTION,LATENCY,MEMORY,MODULE,OBJECT,PUBSUB,SCRIPT,"
    "SLOWLOG,XGROUP,XINFO";

// Of names with commas between them.
std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> names;
  for (size_t at = 0; at <= list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    names.emplace_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return names;
}

bool lists(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// As Redis reads a word: it compares many as strings of C, for which "block" ends at a zero byte.
std::string capitals(std::string_view text) {
  std::string out(text.substr(0, text.find('\0')));
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

// A name as it is shown: it may be any text of any length.
std::string shown(const std::string& name) {
  return "'" + (name.size() <= 40 ? name : name.substr(0, 40) + "…") + "'";
}

const char* refusal_of(std::string_view name) {
  for (const Refusal& refusal : kRefused)
    if (lists(refusal.names, name)) return refusal.why;
  return nullptr;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

bool has_subcommands(const std::string& name) {
  return name.find('.') != std::string::npos || lists(kContainers, name);
}

// XREAD and XREADGROUP wait when they are told to. Their options stand before STREAMS; behind it,
// and behind GROUP and COUNT, "block" is but a name.
bool is_told_to_block(const std::string& name, const std::vector<std::string>& words) {
  if (name != "XREAD" && name != "XREADGROUP") return false;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string word = capitals(words[i]);
    if (word == "STREAMS") return false;
    if (word == "BLOCK") return true;
    i += word == "GROUP" ? 2 : word == "COUNT" ? 1 : 0;
  }
  return false;
}

}  // namespace

AllowList::AllowList(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string wanted = capitals(name);
    const size_t space = wanted.find(' ');
    const std::string command = wanted.substr(0, space);
    if (!is_name(command) || (space != std::string::npos && !is_name(wanted.substr(space + 1))))
      throw plugin::Failure("'commands' lists " + shown(name) +
                            ", which is no command; one is named as \"GET\" or \"CONFIG GET\"");
    for (const std::string& one : {command, wanted})
      if (const char* why = refusal_of(one))
        throw plugin::Failure("'commands' lists " + one + ", which cannot be allowed: " + why);
    if (space != std::string::npos && !has_subcommands(command))
      throw plugin::Failure("'commands' lists \"" + wanted + "\", but " + command +
                            " has no subcommands; write \"" + command + "\"");
    allowed_.insert(wanted);
  }
}

AllowList AllowList::harmless() {
  return AllowList(split(kHarmless));
}

void AllowList::check(const std::vector<std::string>& words) const {
  if (words.empty())
    throw plugin::Failure("'args' must begin with a command, as in {\"GET\", \"key\"}");
  if (allowed_.empty()) throw plugin::Failure("the plugin's configuration allows no command");
  const std::string name = capitals(words[0]);
  const std::string both =
      words.size() > 1 && has_subcommands(name) ? name + " " + capitals(words[1]) : name;
  for (const std::string& one : {name, both})
    if (const char* why = refusal_of(one))
      throw plugin::Failure("the command " + one + " is never allowed: " + why);
  if (!allowed_.contains(name) && !allowed_.contains(both))
    throw plugin::Failure("the command " + shown(both) +
                          " is not among the 'commands' that the plugin's configuration allows");
  if (is_told_to_block(name, words))
    throw plugin::Failure("BLOCK is not allowed for " + name + ": " + kBlocks);
}

}  // namespace sluice::redis_plugin
