// What the plugin's block in config.lua may say. No server is there.
#include <catch2/catch.hpp>
#include <stdexcept>

#include "test/support/databases.h"
#include "test/unit/plugin_redis/world.h"

namespace sluice::test {

using Catch::Contains;

std::string refusal_of(const std::string& config) {
  try {
    PluginDriver driver("redis.so", config);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

namespace {

TEST_CASE("the redis plugin opens without a server, and says that it is away when it is called") {
  PluginDriver driver("redis.so", config_at(free_port()));
  const PluginAnswer answer = driver.call("get", R"({"key":"k"})");
  CHECK_FALSE(answer.ok);
  CHECK_THAT(answer.text, Contains("no answer from Redis: "));
  CHECK_THAT(answer.text, !Contains("127.0.0.1"));
  CHECK_THAT(answer.text, Contains("refused"));
  CHECK_THAT(driver.logged(), Contains("redis://127.0.0.1:"));
}

TEST_CASE("a unix socket that is not there is named in the log") {
  const TempFolder folder;
  const std::string socket = (folder / "no.sock").string();
  for (const std::string& config :
       {R"({"socket":")" + socket + "\"}", R"({"url":"unix://)" + socket + "?db=0\"}"}) {
    PluginDriver driver("redis.so", config);
    CHECK_THAT(driver.call("get", R"({"key":"k"})").text, Contains("No such file"));
    CHECK_THAT(driver.logged(), Contains("unix://" + socket));
  }
}

TEST_CASE("every way to write the address is understood") {
  for (
      const char* config :
      {"{}", R"({"url":"redis://localhost"})", R"({"url":"redis://:p%40ss@db.internal:7000/3"})",
       R"({"url":"redis://user:pass@[::1]:7000"})", R"({"url":"unix:///run/redis.sock?db=2"})",
       R"({"url":"unix://user:pass@/run/redis.sock"})",
       R"({"host":"127.0.0.1","port":7000,"user":"u","password":"p","database":2})",
       R"({"socket":"/run/redis.sock","database":1})",
       R"({"url":"redis://localhost","password":"p"})",
       R"({"max_value":"64K","connect_timeout":"1500ms","prefix":"app:","commands":["get","Config Get","EVAL","SCRIPT LOAD","FT.SEARCH"]})"}) {
    INFO(config);
    CHECK(refusal_of(config) == "");
  }
}

TEST_CASE("what is wrong in the configuration is named, and no password shown") {
  struct Case {
    const char* config;
    const char* why;
  };
  for (const Case& one : {
           Case{R"({"url":"http://localhost"})", "'url' begins with neither redis:// nor unix://"},
           Case{R"({"url":"rediss://localhost"})", "TLS"},
           Case{R"({"url":"redis://"})", "'url' names no host"},
           Case{R"({"url":"redis://host:0"})", "has no port where"},
           Case{R"({"url":"redis://host:70000"})", "has no port where"},
           Case{R"({"url":"redis://[::1"})", "has no ']'"},
           Case{R"({"url":"redis://[::1]x"})", "has no port where"},
           Case{R"({"url":"redis://host/seven"})", "has no database's number"},
           Case{R"({"url":"redis://host?db=1"})", "takes no options"},
           Case{R"({"url":"redis://secret@host"})", "no password before it"},
           Case{R"({"url":"redis://:secret%4@host"})", "has a '%'"},
           Case{R"({"url":"redis://:sec/ret@host"})", "has a '/' before its '@'"},
           Case{R"({"url":"redis://:sec?ret@host"})", "takes no options"},
           Case{R"({"url":"unix://host/secret"})", "names a host before its socket"},
           Case{R"({"url":"unix:///secret?x=1"})", "has an option after '?'"},
           Case{R"({"url":"redis://a%00b"})", ""},
           Case{R"({"url":"redis://h","host":"h"})", "'url' already says where"},
           Case{R"({"url":"redis://h","port":1})", "'url' already says where"},
           Case{R"({"socket":"/s","port":1})", "'socket' already says where"},
           Case{R"({"url":"redis://h/1","database":2})", "'url' already names a 'database'"},
           Case{R"({"url":"redis://:secret@h","password":"secret"})",
                "'url' already has a password"},
           Case{R"({"password":"secret","password_file":"/f"})", "both given"},
           Case{R"({"user":"secret"})", "'user' needs a 'password'"},
           Case{R"({"password":""})", "'password' is empty"},
           Case{R"({"password":7})", "'password' must be a text, not a number"},
           Case{R"({"password_file":"secret"})", "'password_file' must be an absolute path"},
           Case{R"({"password_file":"/no/such/file"})", "cannot be read"},
           Case{R"({"host":""})", "'host' is empty"},
           Case{R"({"host":"a\u0000b"})", "'host' has a zero byte"},
           Case{R"({"port":"x"})", "'port' must be a whole number from 1 to 65535"},
           Case{R"({"database":-1})", "'database' must be a whole number from 0"},
           Case{R"({"max_value":0})", "'max_value' must be a whole number from 1"},
           Case{R"({"max_value":"12X"})", "'max_value' must be a whole number from 1"},
           Case{R"({"max_value":"9999999999999999999G"})",
                "'max_value' must be a whole number from 1"},
           Case{R"({"connect_timeout":"1h"})",
                "'connect_timeout' must be a whole number from 10 to 60000"},
           Case{R"({"commands":["GET",7]})", "'commands' must be"},
           Case{R"({"commands":["GET ME"]})", "GET has no subcommands"},
           Case{R"({"commands":["DROP TABLE;"]})", "is no command"},
           Case{R"({"comands":["GET"]})", "has an unknown key 'comands'; it takes url, "},
       }) {
    INFO(one.config);
    const std::string why = refusal_of(one.config);
    if (*one.why != '\0') CHECK_THAT(why, Contains(one.why));
    CHECK_THAT(why, !Contains("secret") || Contains("/secret/"));
  }
}

TEST_CASE(
    "commands that would harm the shared connection cannot be listed, and the reason is said") {
  struct Case {
    const char* name;
    const char* why;
  };
  for (const Case& one :
       {Case{"BLPOP", "it waits"}, Case{"brpop", "it waits"}, Case{"WAIT", "it waits"},
        Case{"Subscribe", "stream of messages"}, Case{"MONITOR", "stream of messages"},
        Case{"MULTI", "a transaction spans calls"}, Case{"WATCH", "a transaction spans calls"},
        Case{"SELECT", "changes the connection"}, Case{"AUTH", "changes the connection"},
        Case{"CLIENT", "changes the connection"}, Case{"CLIENT REPLY", "changes the connection"},
        Case{"HELLO", "changes the connection"}, Case{"RESET", "changes the connection"},
        Case{"script debug", "changes the connection"}, Case{"QUIT", "ends the connection"},
        Case{"SHUTDOWN", "ends the Redis server"}, Case{"DEBUG", "crash the Redis server"},
        Case{"DEBUG SLEEP", "crash the Redis server"}, Case{"PSYNC", "replica"}}) {
    INFO(one.name);
    const std::string why =
        refusal_of(R"({"commands":["GET",")" + std::string(one.name) + R"("]})");
    CHECK_THAT(why, Contains("cannot be allowed"));
    CHECK_THAT(why, Contains(one.why));
  }
}

TEST_CASE("what is wrong with a payload is said before anything is sent") {
  PluginDriver driver("redis.so", config_at(free_port(), R"(,"max_value":8)"));
  struct Case {
    const char* action;
    const char* payload;
    const char* why;
  };
  for (const Case& one : {
           Case{"get", "{}", "the payload needs 'key', a text or a number"},
           Case{"get", R"({"key":{}})", "'key' must be a text or a number, not an object"},
           Case{"get", R"({"key":"k","kex":1})", "unknown key 'kex'; it takes key, binary"},
           Case{"get", R"({"key":"123456789"})",
                "'key' has a text of 9 bytes; the plugin's max_value allows 8"},
           Case{"get", R"("key")", "the payload must be an object, not a text"},
           Case{"set", R"({"key":"k"})", "needs 'value'"},
           Case{"set", R"({"key":"k","value":true})",
                "'value' must be a text or a number, not true or false"},
           Case{"set", R"({"key":"k","value":"123456789"})", "'value' has a text of 9 bytes"},
           Case{"set", R"({"key":"k","value":"v","ttl_ms":0})",
                "'ttl_ms' must be a whole number from 1"},
           Case{"set", R"({"key":"k","value":"v","ttl":1})", "unknown key 'ttl'"},
           Case{"set", R"({"key":"k","value":"v","only_if_absent":1})",
                "'only_if_absent' must be true or false"},
           Case{"set", R"({"key":"k","value":"v","only_if_absent":true,"only_if_present":true})",
                "both given"},
           Case{"set", R"({"key":"k","value":"a?","binary":true})", "'value' is not base64"},
           Case{"set", R"({"key":"k","value":"YQ==x","binary":true})", "'value' is not base64"},
           Case{"incr", R"({"key":"k","by":"x"})", "'by' must be a whole number"},
           Case{"incr", R"({"key":"k","by":1.5})", "'by' must be a whole number"},
           Case{"incr", R"({"key":"k","by":9223372036854775808})", "'by' must be a whole number"},
           Case{"publish", R"({"channel":"c"})", "needs 'message'"},
           Case{"command", "{}", "needs 'args', an array of texts and numbers"},
           Case{"command", R"({"args":"GET k"})",
                "'args' must be an array of texts and numbers, not a text"},
           Case{"command", R"({"args":["GET",["k"]]})",
                "'args' must be an array of texts and numbers, not an array"},
           Case{"command", R"({"args":["GET",null]})",
                "'args' must be an array of texts and numbers, not null"},
           Case{"command", R"({"args":[]})", "'args' must begin with a command"},
           Case{"command", R"({"args":["GET","123456789"]})", "'args' has a text of 9 bytes"},
           Case{"command", R"({"args":["FLUSHALL"]})",
                "the command 'FLUSHALL' is not among the 'commands'"},
           Case{"command", R"({"args":["config","get","x"]})",
                "the command 'CONFIG GET' is not among"},
           Case{"command", R"({"args":["EVAL","x",0]})", "'EVAL' is not among"},
           Case{"command", R"({"args":["GET\r\nFLUSHALL"]})", "is not among"},
           Case{"command", R"({"args":[""]})", "is not among"},
           Case{"command", R"({"args":["blpop","k",0]})", "BLPOP is never allowed: it waits"},
           Case{"command", R"({"args":["multi"]})", "MULTI is never allowed: a transaction"},
           Case{"command", R"({"args":["client","reply","off"]})", "CLIENT is never allowed"},
       }) {
    INFO(one.action << " " << one.payload);
    const PluginAnswer answer = driver.call(one.action, one.payload);
    CHECK_FALSE(answer.ok);
    CHECK_THAT(answer.text, Contains(one.why));
  }
  CHECK(driver.logged() == "");
}

TEST_CASE("an empty list of commands allows none, and the other actions") {
  for (const char* empty : {"[]", "{}"}) {
    PluginDriver driver("redis.so", config_at(free_port(), std::string(R"(,"commands":)") + empty));
    CHECK_THAT(driver.call("command", R"({"args":["GET","k"]})").text,
               Contains("allows no command"));
    CHECK_THAT(driver.call("get", R"({"key":"k"})").text, Contains("no answer from"));
  }
}

TEST_CASE("commands that wait only when they are told to are refused only then") {
  PluginDriver driver("redis.so",
                      config_at(free_port(), R"(,"commands":["XREAD","XREADGROUP","SCRIPT"])"));
  for (const char* args :
       {R"(["XREAD","BLOCK",0,"STREAMS","s","$"])",
        R"(["XREAD","Block\u0000x",0,"STREAMS","s","$"])",
        R"(["xread","count",1,"block",0,"streams","s","$"])",
        R"(["XREADGROUP","GROUP","streams","streams","BLOCK",0,"STREAMS","s",">"])"}) {
    INFO(args);
    CHECK_THAT(driver.call("command", std::string(R"({"args":)") + args + "}").text,
               Contains("BLOCK is not allowed"));
  }
  for (const char* args : {R"(["XREAD","STREAMS","block","$"])",
                           R"(["XREADGROUP","GROUP","block","block","STREAMS","s",">"])"}) {
    INFO(args);
    CHECK_THAT(driver.call("command", std::string(R"({"args":)") + args + "}").text,
               Contains("no answer from"));
  }
  for (const char* args : {R"(["script","debug","yes"])", R"(["script","debug\u0000","yes"])"}) {
    CHECK_THAT(driver.call("command", std::string(R"({"args":)") + args + "}").text,
               Contains("SCRIPT DEBUG is never allowed"));
  }
}

}  // namespace
}  // namespace sluice::test
