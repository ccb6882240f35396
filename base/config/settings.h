// Settings: what a program runs with. Flags win over the environment, that over config.lua, that
// over the defaults that stand here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

namespace sluice {

struct Settings {
  enum class Store { kSqlite, kMemory, kMongodb };
  enum class Durability { kFull, kNormal };  // of a commit: on the disk, or in the system's hands
  enum class Block { kResult, kDurable };    // what a blocking run waits for

  LogOptions log;  // Logger { … }

  std::string data_dir = "data";  // lock, database

  Store store = Store::kSqlite;  // Sqlite { … }, Nulldb { } or Mongodb { … }

  struct Sqlite {
    std::string path;  // empty: sluice.db in the data folder
    Durability durability = Durability::kFull;
  } sqlite;

  struct StoreKey {  // Store { … }: of the seal on the bytecode in the store, at most one of them
    std::string key;   // 64 hexadecimal digits
    std::string file;  // a path to them
  } store_key;

  struct Mongodb {
    std::string url = "mongodb://localhost";
    int64_t port = 27017;
    Millis lease{15'000};
  } mongodb;

  struct Redis {
    std::string url = "redis://localhost";
    std::string prefix = "sluice";
  } redis;

  // Who may use the API, as `sluice token` prints it: a file of entries, or the entries.
  struct Tokens {
    std::string file;                  // empty: none
    std::vector<std::string> entries;  // used where there is no file
    bool given() const { return !file.empty() || !entries.empty(); }
  };

  struct Api {
    std::string listen = "127.0.0.1:8080";
    Tokens tokens;
    bool insecure = false;             // listen beyond this machine without tokens
    std::vector<std::string> hosts;    // names of this server
    std::vector<std::string> origins;  // of web pages that may use it
    int64_t body_limit_bytes = 1 << 20;
    int64_t connections = 10'000;
    int64_t connections_per_ip =
        5'000;                      // half: a load balancer is one address, and so is an attacker
    Millis header_timeout{10'000};  // from a request's first byte
    Millis body_timeout{60'000};    // from the end of its headers
    Millis idle_timeout{75'000};    // between requests
    Millis timeout{60'000};         // of an action that names none
    Millis max_timeout{600'000};    // the highest an action may name
    int64_t maxmem_kb = 128 << 10;  // of an action that names none
    int64_t max_maxmem_kb = 512 << 10;  // the highest an action may name
    Block block = Block::kResult;
    Millis resolve_wait{1'500};  // of GET /invocation/:id without ?wait=
    Millis max_wait{300'000};    // the longest ?wait=
  } api;

  struct Runner {
    int64_t workers = 1;     // processes that run Lua; 0: accept only. Default: CPU cores
    std::string name;        // empty: the host's
    int64_t prefetch = 256;  // jobs, beside those the workers hold
    std::string status;      // address of a runner's status page; empty: none
    Millis grace{10'000};    // for what runs when the program is told to stop
    Millis retention{7 * 24 * 3'600'000};     // how long finished records are kept
    int64_t snapshot_cache_bytes = 64 << 20;  // in each worker
    int64_t queue_capacity = 100'000;
  } runner;

  struct Plugin {
    std::string name;
    std::string file;         // as it is written; by default NAME.so
    std::string folder;       // of config.lua: where a relative file is looked for first
    int64_t concurrency = 8;  // calls under way at a time, each on a thread
    int64_t queue = 1'000;    // calls that may wait for their turn
    Millis timeout{30'000};   // of a call, waiting included
    std::string options;      // all other keys, as a JSON object: the plugin's
    std::string origin;
  };
  std::vector<Plugin> plugins;  // in the order of config.lua

  // Where each value came from, by its name ("api.listen"): "default", "config.lua:7", "environment
  // SLUICE_LISTEN", "flag --listen". Names that are not here have their default.
  std::map<std::string, std::string, std::less<>> origins;

  Settings();  // the defaults; asks the system for the number of cores

  std::string sqlite_path() const;  // sqlite.path, or its place in the data folder
  std::string mongodb_uri() const;  // mongodb.url, with mongodb.port where it names none
};

using Flags = std::map<std::string, std::string>;  // "listen" → "127.0.0.1:0"; a switch has "true"
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The environment of this process.
Environment process_environment();

// Joins everything. Without `config_file` the environment's SLUICE_CONFIG names one; without that
// there is none. The first error is kInvalid and says where ("config.lua:3: …"), what, and what
// would be right.
Result<Settings> load_settings(const Flags& flags, const Environment& environment,
                               const std::optional<std::string>& config_file);

// A table for people: each setting with its value and its origin.
std::string describe(const Settings& settings);

// What a flag of a program may be made from: all settings that have one, in the order of the table.
struct FlagHelp {
  std::string setting;  // "api.listen"
  std::string flag;     // "listen", for --listen
  std::string value;    // "ADDRESS", for the usage; empty for a switch
  std::string help;     // one line with the default
};
std::vector<FlagHelp> setting_flags();

}  // namespace sluice
