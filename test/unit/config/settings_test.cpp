#include "base/config/settings.h"

#include <catch2/catch.hpp>

#include "base/config/schema.h"
#include "config_file.h"

using namespace sluice;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using test::ConfigFile;

namespace {

Environment environment_of(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

const Environment kNoEnvironment = environment_of({});

Settings load(const std::string& config, const Flags& flags = {},
              const Environment& environment = kNoEnvironment) {
  const ConfigFile file(config);
  Result<Settings> settings = load_settings(flags, environment, file.path());
  if (!settings.ok()) FAIL(settings.error().text());
  return *settings;
}

// The error, without the folder of the file.
std::string error_of(const std::string& config, const Flags& flags = {},
                     const Environment& environment = kNoEnvironment) {
  const ConfigFile file(config);
  const Result<Settings> settings = load_settings(flags, environment, file.path());
  if (settings.ok()) return "accepted";
  CHECK(settings.error().code == Code::kInvalid);
  std::string text = settings.error().text();
  for (size_t at; (at = text.find(file.folder() + "/")) != std::string::npos;)
    text.erase(at, file.folder().size() + 1);
  return text;
}

TEST_CASE("the port goes into a MongoDB URL that names none") {
  Settings settings;
  const auto uri = [&](const std::string& url) {
    settings.mongodb.url = url;
    settings.mongodb.port = 27018;
    return settings.mongodb_uri();
  };
  CHECK(uri("mongodb://database") == "mongodb://database:27018");
  CHECK(uri("mongodb://database/jobs?w=1") == "mongodb://database:27018/jobs?w=1");
  CHECK(uri("mongodb://u:p@database/jobs") == "mongodb://u:p@database:27018/jobs");
  CHECK(uri("mongodb://database:1/jobs") == "mongodb://database:1/jobs");
  CHECK(uri("mongodb://[::1]/jobs") == "mongodb://[::1]:27018/jobs");
  CHECK(uri("mongodb://[::1]:1") == "mongodb://[::1]:1");
  CHECK(uri("mongodb://a,b/jobs") == "mongodb://a,b/jobs");
  CHECK(uri("mongodb://%2Ftmp%2Fm.sock/jobs") == "mongodb://%2Ftmp%2Fm.sock/jobs");
  CHECK(uri("mongodb+srv://database/jobs") == "mongodb+srv://database/jobs");
}

TEST_CASE("passwords are not shown") {
  Settings settings;
  settings.mongodb.url = "mongodb://user:s3cret@database/jobs";
  settings.redis.url = "redis://:s3cret@cache:6379/1";
  const std::string table = describe(settings);
  CHECK_THAT(table, Contains("mongodb://user:***@database/jobs"));
  CHECK_THAT(table, Contains("redis://:***@cache:6379/1"));
  CHECK_THAT(table, !Contains("s3cret"));
}

const std::string kKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

TEST_CASE("the store's key is taken from each source, and shown by none") {
  CHECK(load("Store { key = \"" + kKey + "\" }").store_key.key == kKey);
  const Settings from_environment =
      load("Mongodb {}", {}, environment_of({{"SLUICE_STORE_KEY", kKey}}));
  CHECK(from_environment.store_key.key == kKey);
  CHECK(from_environment.store == Settings::Store::kMongodb);  // Store { } selects none
  CHECK_THAT(describe(from_environment), Contains("***") && !Contains(kKey.substr(0, 8)));
  for (const FlagHelp& flag : setting_flags())
    CHECK(flag.setting != "store.key");  // ps would show it

  const ConfigFile file("Store { key_file = \"fleet.key\" }");
  CHECK(load_settings({}, kNoEnvironment, file.path())->store_key.file ==
        file.folder() + "/fleet.key");
}

TEST_CASE("a wrong key is refused without showing it") {
  const std::string wrong = "s3cret" + kKey.substr(6);
  CHECK(error_of("\nStore { key = \"" + wrong + "\" }") ==
        "config.lua:2: Store: 'key' must be 64 hexadecimal digits, as `openssl rand -hex 32` makes "
        "them, not a text of 64 bytes");
  CHECK(error_of("Store { key = 12 }") ==
        "config.lua:1: Store: 'key' must be 64 hexadecimal digits, as `openssl rand -hex 32` makes "
        "them, not another kind of value");
  CHECK_THAT(error_of("", {}, environment_of({{"SLUICE_STORE_KEY", "s3cret"}})),
             Contains("SLUICE_STORE_KEY must be 64 hexadecimal digits") && !Contains("s3cret"));
  for (const std::string& mistake : {"\"" + wrong, "'" + wrong, "[[" + wrong, kKey, "0x" + wrong}) {
    CAPTURE(mistake);
    CHECK_THAT(error_of("Store { key = " + mistake + " }"),
               Contains("config.lua:1: ") && !Contains(mistake.substr(2, 12)));
  }
}

TEST_CASE("a store has one key") {
  CHECK(error_of("Store { key = \"" + kKey + "\", key_file = \"/run/key\" }") ==
        "store.key (***, config.lua:1) and store.key_file (/run/key, config.lua:1) are both given; "
        "there can be one");
}

TEST_CASE("who may use the API is told by a file, or by entries in config.lua") {
  Settings settings = load("Api {\n  tokens = 'tokens',\n  hosts = { 'a.example', 'b' }\n}");
  CHECK_THAT(settings.api.tokens.file, EndsWith("/tokens") && Catch::Matchers::StartsWith("/"));
  CHECK(settings.api.tokens.entries.empty());
  CHECK(settings.api.hosts == std::vector<std::string>{"a.example", "b"});
  CHECK_THAT(settings.origins["api.tokens"], EndsWith(":2"));
  CHECK_THAT(settings.origins["api.hosts"], EndsWith(":3"));

  settings =
      load("Api {\n  tokens = {\n 'a read sha256:00', 'b admin sha256:11' },\n  insecure = true }");
  CHECK(settings.api.tokens.entries ==
        std::vector<std::string>{"a read sha256:00", "b admin sha256:11"});
  CHECK(settings.api.insecure);
  CHECK_THAT(settings.origins["api.insecure"], EndsWith(":4"));
  CHECK_THAT(describe(settings), Contains("(2 entries)") && !Contains("sha256:"));

  settings = load("", {{"tokens", "mine"}, {"insecure", "true"}},
                  environment_of({{"SLUICE_HOSTS", "a, b"},
                                  {"SLUICE_ORIGINS", "https://a,http://b:1"},
                                  {"SLUICE_TOKENS", "other"}}));
  CHECK(settings.api.tokens.file == "mine");
  CHECK(settings.api.hosts == std::vector<std::string>{"a", "b"});
  CHECK(settings.api.origins == std::vector<std::string>{"https://a", "http://b:1"});
}

TEST_CASE("lists that are none are refused") {
  for (const char* list : {"{ 1 }", "{ a = 'b' }", "{ {} }", "{ 'a', nil, 'b' }"})
    CHECK_THAT(error_of(std::string("Api { hosts = ") + list + " }"),
               Contains("config.lua:1: Api: 'hosts' must be a list"));
  CHECK_THAT(error_of("Api { hosts = { '' } }"), Contains("'hosts' must be a list of texts"));
  CHECK_THAT(error_of("Api { origins = { 'ui.example' } }"), Contains("begin with https://"));
  CHECK_THAT(error_of("Api { listen = {} }"), Contains("'listen' cannot be a table"));
  CHECK_THAT(error_of("", {{"tokens", ""}}), Contains("--tokens must be the path of a file"));
}

TEST_CASE("a URL of the wrong kind is refused without its password") {
  CHECK_THAT(error_of("Redis { url = 'http://me:s3cret@h' }"),
             !Contains("s3cret") && Contains("***"));
  CHECK_THAT(error_of("", {{"mongo", "mongo://me:s3cret" + std::string(100, 'x') + "@h"}}),
             !Contains("s3cret"));
}

}  // namespace

TEST_CASE("without anything the defaults are in force") {
  const auto settings = load_settings({}, kNoEnvironment, std::nullopt);
  REQUIRE(settings.ok());
  CHECK(settings->store == Settings::Store::kSqlite);
  CHECK(settings->api.listen == "127.0.0.1:8080");
  CHECK(settings->api.resolve_wait == Millis(1500));
  CHECK(settings->api.body_limit_bytes == 1 << 20);
  CHECK(settings->runner.workers >= 1);
  CHECK(settings->runner.retention == std::chrono::days(7));
  CHECK(settings->sqlite_path() == "data/sluice.db");
  CHECK(settings->origins.empty());
}

TEST_CASE("the original's config.lua is understood unchanged") {
  const ConfigFile file(R"(
-- Logger configuration
Logger {
  level     = "info",  -- one of the levels
  fancy     = true,
  timestamp = false
}

-- Where actions are kept
Mongodb {
  url  = "mongodb://database",
  port = 27017
}

Plugin "skeleton" {
  file = "./skeleton.so"
}

Plugin "mongo" {
  file = "./mongo.so",
  url = "mongodb://database:27017",
  database = "mongoplugin"
}
)");
  const auto settings = load_settings({}, kNoEnvironment, file.path());
  if (!settings.ok()) FAIL(settings.error().text());
  CHECK(settings->log.level == LogLevel::kInfo);
  CHECK(settings->log.fancy);
  CHECK(settings->store == Settings::Store::kMongodb);
  CHECK(settings->mongodb.url == "mongodb://database");
  CHECK(settings->mongodb.port == 27017);
  REQUIRE(settings->plugins.size() == 2);
  CHECK(settings->plugins[0].name == "skeleton");
  CHECK(settings->plugins[0].file == "./skeleton.so");
  CHECK(settings->plugins[0].folder == file.folder());
  CHECK(settings->plugins[0].options == "{}");
  CHECK(settings->plugins[1].file == "./mongo.so");
  CHECK_THAT(settings->plugins[1].options, Contains(R"("url":"mongodb://database:27017")"));
  CHECK_THAT(settings->plugins[1].options, Contains(R"("database":"mongoplugin")"));
  CHECK_THAT(settings->plugins[1].options, !Contains("mongo.so"));
}

TEST_CASE("a plugin's block has the server's keys, with defaults, and the plugin's own") {
  const Settings settings = load(R"(
Plugin "kv" {}
Plugin "db" { file = "/lib/mongo.so", concurrency = 16, queue = 0, timeout = "1500ms", url = "u", pool = { queue = 1 } }
)");
  REQUIRE(settings.plugins.size() == 2);
  const Settings::Plugin& kv = settings.plugins[0];
  CHECK(kv.file == "kv.so");
  CHECK(kv.concurrency == 8);
  CHECK(kv.queue == 1'000);
  CHECK(kv.timeout == Millis(30'000));
  CHECK(kv.options == "{}");
  const Settings::Plugin& db = settings.plugins[1];
  CHECK(db.file == "/lib/mongo.so");
  CHECK(db.concurrency == 16);
  CHECK(db.queue == 0);
  CHECK(db.timeout == Millis(1'500));
  CHECK_THAT(db.options, Contains(R"("url":"u")") && Contains(R"("pool":{"queue":1})"));
  CHECK_THAT(db.options, !Contains("mongo.so") && !Contains("concurrency") && !Contains("timeout"));
}

TEST_CASE("every block reaches its settings") {
  const Settings settings = load(R"(
local megabyte = 1024 * 1024
Logger { level = "debug", fancy = false, timestamp = true }
Sqlite { path = "/var/lib/sluice.db", durability = "normal" }
Redis { url = "redis://cache:6379", prefix = "blue" }
Api {
  listen = "[::1]:0", body_limit = 2 * megabyte, timeout = "2s", max_timeout = 10000, maxmem = "64M",
  max_maxmem = 131072, block = "durable", resolve_wait = "1500ms", max_wait = "1m", connections = 64,
}
Runner { workers = 3, name = "a", grace = "5s", retention = "30d", snapshot_cache = "8M", queue_capacity = 5,
  prefetch = 7 }
)");
  CHECK(settings.log.level == LogLevel::kDebug);
  CHECK_FALSE(settings.log.fancy);
  CHECK(settings.log.timestamp);
  CHECK(settings.store == Settings::Store::kSqlite);
  CHECK(settings.sqlite_path() == "/var/lib/sluice.db");
  CHECK(settings.sqlite.durability == Settings::Durability::kNormal);
  CHECK(settings.redis.url == "redis://cache:6379");
  CHECK(settings.redis.prefix == "blue");
  CHECK(settings.api.listen == "[::1]:0");
  CHECK(settings.api.body_limit_bytes == 2 << 20);
  CHECK(settings.api.timeout == Millis(2000));
  CHECK(settings.api.max_timeout == Millis(10'000));
  CHECK(settings.api.maxmem_kb == 65536);
  CHECK(settings.api.max_maxmem_kb == 131072);
  CHECK(settings.api.block == Settings::Block::kDurable);
  CHECK(settings.api.resolve_wait == Millis(1500));
  CHECK(settings.api.max_wait == Millis(60'000));
  CHECK(settings.api.connections == 64);
  CHECK(settings.runner.workers == 3);
  CHECK(settings.runner.name == "a");
  CHECK(settings.runner.grace == Millis(5000));
  CHECK(settings.runner.retention == std::chrono::days(30));
  CHECK(settings.runner.snapshot_cache_bytes == 8 << 20);
  CHECK(settings.runner.queue_capacity == 5);
}

TEST_CASE("Nulldb keeps nothing") {
  CHECK(load("Nulldb {}").store == Settings::Store::kMemory);
}

TEST_CASE("flags win over the environment, that over config.lua, that over defaults") {
  const std::string config =
      "Api { listen = '127.0.0.1:1', timeout = 100 }\nRunner { workers = 1, name = 'file' }";
  const auto environment =
      environment_of({{"SLUICE_LISTEN", "127.0.0.1:2"}, {"SLUICE_WORKERS", "2"}});
  const Settings settings = load(config, {{"listen", "127.0.0.1:3"}}, environment);
  CHECK(settings.api.listen == "127.0.0.1:3");
  CHECK(settings.origins.at("api.listen") == "flag --listen");
  CHECK(settings.runner.workers == 2);
  CHECK(settings.origins.at("runner.workers") == "environment SLUICE_WORKERS");
  CHECK(settings.runner.name == "file");
  CHECK_THAT(settings.origins.at("runner.name"), EndsWith("config.lua:2"));
  CHECK(settings.origins.count("api.block") == 0);
}

TEST_CASE("the environment can name the config file, a flag another") {
  const ConfigFile one("Runner { name = 'one' }");
  const ConfigFile two("Runner { name = 'two' }");
  const auto environment = environment_of({{"SLUICE_CONFIG", one.path()}});
  CHECK(load_settings({}, environment, std::nullopt)->runner.name == "one");
  CHECK(load_settings({}, environment, two.path())->runner.name == "two");
}

TEST_CASE("paths in config.lua begin at its folder, those of flags do not") {
  const ConfigFile file("Sqlite { path = 'db/jobs.db' }");
  CHECK(load_settings({}, kNoEnvironment, file.path())->sqlite_path() ==
        file.folder() + "/db/jobs.db");
  CHECK(load("", {{"data", "here"}}).sqlite_path() == "here/sluice.db");
}

TEST_CASE("the origin of a key in a long block is its own line") {
  const Settings settings = load(
      "-- listen = 1\nApi {\n  -- block = 'x'\n  listen = '127.0.0.1:0',\n\n  block = "
      "'durable'\n}");
  CHECK_THAT(settings.origins.at("api.listen"), EndsWith("config.lua:4"));
  CHECK_THAT(settings.origins.at("api.block"), EndsWith("config.lua:6"));
}

TEST_CASE("what config.lua has wrong is named with its line and what would be right") {
  CHECK(error_of("\nLoger { level = 'info' }") ==
        "config.lua:2: unknown block 'Loger'; did you mean 'Logger'?");
  CHECK_THAT(error_of("Database {}"),
             Contains("config.lua:1: unknown block 'Database'; there are Logger, Nulldb"));
  CHECK(error_of("Api {\n  lisen = '127.0.0.1:0'\n}") ==
        "config.lua:2: Api has no key 'lisen'; did you mean 'listen'?");
  CHECK_THAT(error_of("Redis { host = 'x' }"),
             Contains("Redis has no key 'host'; there are url, prefix"));
  CHECK(error_of("Nulldb { path = 'x' }") ==
        "config.lua:1: Nulldb has no key 'path'; it takes none");
  CHECK(error_of("Runner { workers = 'many' }") ==
        "config.lua:1: Runner: 'workers' must be an integer from 0 to 256, not \"many\"");
  CHECK_THAT(error_of("Runner { workers = 257 }"), Contains("an integer from 0 to 256, not 257"));
  CHECK_THAT(error_of("Runner { workers = 1.5 }"),
             Contains("an integer from 0 to 256, not \"1.5\""));
  CHECK_THAT(error_of("Runner { workers = true }"),
             Contains("must be an integer from 0 to 256, not true"));
  CHECK_THAT(error_of("Runner { workers = {} }"), Contains("Runner: 'workers' cannot be a table"));
  CHECK_THAT(error_of("Logger { fancy = 1 }"), Contains("'fancy' must be true or false, not 1"));
  CHECK_THAT(error_of("Logger { level = 'loud' }"),
             Contains("must be \"debug\", \"info\", \"warn\", \"error\" or \"off\", not \"loud\""));
  CHECK_THAT(error_of("Api { listen = 'localhost' }"), Contains("must be an address with a port"));
  CHECK_THAT(error_of("Api { listen = 'localhost:65536' }"),
             Contains("must be an address with a port"));
  CHECK_THAT(error_of("Mongodb { url = 'http://x' }"),
             Contains("a text that begins with mongodb://"));
  CHECK_THAT(error_of("Api { timeout = '2 hours' }"),
             Contains("milliseconds, or a text like \"2s\""));
  CHECK(error_of("Api {}\nRunner {}\nApi {}") ==
        "config.lua:3: Api is given a second time; the first is in line 1");
  CHECK(error_of("Sqlite {}\nNulldb {}") ==
        "config.lua:2: Nulldb is a second store, besides Sqlite in line 1; there can be one");
  CHECK_THAT(
      error_of("Api { timeout = 2000, max_timeout = 1000 }"),
      Contains("api.timeout (2s, config.lua:1) is above api.max_timeout (1s, config.lua:1)"));
  CHECK_THAT(error_of("Plugin 'a' { file = 1 }"),
             Contains("config.lua:1: Plugin \"a\": 'file' must be a path, not 1"));
  CHECK_THAT(error_of("Plugin 'a' { file = '' }"), Contains("'file' must be a path"));
  CHECK_THAT(error_of("Plugin 'a' {\n file = {} }"), Contains("config.lua:2: Plugin"));
  CHECK_THAT(
      error_of("Plugin 'a' {\n\n concurrency = 0 }"),
      Contains("config.lua:3: Plugin \"a\": 'concurrency' must be an integer from 1 to 256"));
  CHECK_THAT(error_of("Plugin 'a' { queue = -1 }"),
             Contains("'queue' must be an integer from 0 to 100000, not -1"));
  CHECK_THAT(error_of("Plugin 'a' { timeout = 'soon' }"),
             Contains("'timeout' must be milliseconds, or a text like \"2s\""));
  CHECK_THAT(error_of("Plugin 'a' { 'x' }"),
             Contains("config.lua:1: Plugin \"a\": a value without a name"));
  for (const char* name : {"", "a b", "a,b", ".a", "-a", "\u00fc"})
    CHECK_THAT(error_of(std::string("Plugin '") + name + "' {}"), Contains("a name has letters"));
  CHECK_THAT(error_of("Plugin 'a' { file = 'a' }\nPlugin 'a' { file = 'a' }"),
             Contains("config.lua:2: Plugin \"a\": is given a second time"));
}

TEST_CASE("a config file that is not there, or is a folder, is an error that names it") {
  const ConfigFile file("");
  CHECK_THAT(load_settings({}, kNoEnvironment, file.path() + "x").error().text(),
             Contains("config.luax: cannot be read: No such file"));
  CHECK_FALSE(load_settings({}, kNoEnvironment, file.folder()).ok());
  CHECK_THAT(error_of(std::string(300 << 10, '-')), Contains("longer than 256 KiB"));
}

TEST_CASE("wrong values of the environment and of flags are named") {
  CHECK(error_of("", {}, environment_of({{"SLUICE_WORKERS", "-1"}})) ==
        "environment: SLUICE_WORKERS must be an integer from 0 to 256, not \"-1\"");
  CHECK(error_of("", {{"listen", "8080"}}) ==
        "--listen must be an address with a port, like \"127.0.0.1:8080\" or \"[::1]:8080\", not "
        "\"8080\"");
  CHECK(error_of("", {{"workrs", "2"}}) == "unknown flag --workrs; did you mean '--workers'?");
}

TEST_CASE("the description shows each setting with its value and its origin") {
  const Settings settings = load(
      "Api { timeout = 90000 }\nPlugin 'p' { queue = 5, password = 'hidden' }", {{"workers", "3"}});
  const std::string text = describe(settings);
  CHECK_THAT(text,
             Catch::Matchers::Matches("(.|\n)*api\\.timeout +90s +[^ ]*config\\.lua:1\n(.|\n)*"));
  CHECK_THAT(text, Catch::Matchers::Matches("(.|\n)*runner\\.workers +3 +flag --workers\n(.|\n)*"));
  CHECK_THAT(text, Catch::Matchers::Matches("(.|\n)*api\\.body_limit +1M +default\n(.|\n)*"));
  CHECK_THAT(text, Contains("data/sluice.db"));
  CHECK_THAT(text, Catch::Matchers::Matches("(.|\n)*plugin\\.p\\.file +p\\.so +default\n(.|\n)*"));
  CHECK_THAT(
      text, Catch::Matchers::Matches("(.|\n)*plugin\\.p\\.queue +5 +[^ ]*config\\.lua:2\n(.|\n)*"));
  CHECK_THAT(text, Catch::Matchers::Matches("(.|\n)*plugin\\.p\\.timeout +30s +default\n(.|\n)*"));
  CHECK_THAT(text, !Contains("hidden"));
}

TEST_CASE("examples/config.lua says the defaults") {
  const std::string path = SLUICE_SOURCE_DIR "/examples/config.lua";
  const auto settings = load_settings({}, kNoEnvironment, path);
  if (!settings.ok()) FAIL(settings.error().text());
  CHECK(settings->origins.size() > 15);
  for (const config::Setting& setting : config::schema()) {
    INFO(setting.name);
    CHECK(setting.read(*settings) == setting.read(Settings()));
  }
}

TEST_CASE("flags for the help come from the same table") {
  bool listen = false;
  for (const FlagHelp& flag : setting_flags()) {
    CHECK_FALSE(flag.help.empty());
    if (flag.flag == "listen") listen = flag.value == "ADDRESS";
  }
  CHECK(listen);
}
