// Each action, on a real Redis.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "test/unit/plugin_redis/world.h"

namespace sluice::test {
namespace {

using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("what set wrote get reads, whatever the text") {
  SharedRedis redis;
  CHECK(redis.call("get", R"({"key":"k"})") == "null");
  for (const char* value : {R"("text")", R"("")", R"("a\"b\\c\u0000\u001f\r\n")",
                            "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""}) {
    INFO(value);
    CHECK(redis.call("set", std::string(R"({"key":"k","value":)") + value + "}") == "true");
    const std::string got = redis.call("get", R"({"key":"k"})");
    // One of several ways to write the same text.
    CHECK((got == value || got == R"("a\"b\\c\u0000\u001f\u000d\u000a")"));
  }
  CHECK(redis.command(R"("EXISTS",)" + redis.key("k")) == "1");
}

TEST_CASE("numbers are written as people would write them") {
  SharedRedis redis;
  struct Case {
    const char* number;
    const char* text;
  };
  for (const Case& one :
       {Case{"1", "1"}, Case{"-7", "-7"}, Case{"9223372036854775807", "9223372036854775807"},
        Case{"-9223372036854775808", "-9223372036854775808"},
        Case{"18446744073709551615", "18446744073709551615"}, Case{"1.0", "1"}, Case{"0.1", "0.1"},
        Case{"1e300", "1e+300"}, Case{"123456789.125", "123456789.125"}}) {
    INFO(one.number);
    CHECK(redis.call("set", std::string(R"({"key":"k","value":)") + one.number + "}") == "true");
    CHECK(redis.call("get", R"({"key":"k"})") == json(one.text));
    CHECK(redis.command(R"("SET",)" + redis.key("k") + "," + one.number) == R"("OK")");
    CHECK(redis.command(R"("GET",)" + redis.key("k")) == json(one.text));
  }
}

TEST_CASE("set takes conditions and a time to live") {
  SharedRedis redis;
  CHECK(redis.call("set", R"({"key":"k","value":"1","only_if_present":true})") == "false");
  CHECK(redis.call("set", R"({"key":"k","value":"1","only_if_absent":true})") == "true");
  CHECK(redis.call("set", R"({"key":"k","value":"2","only_if_absent":true})") == "false");
  CHECK(redis.call("get", R"({"key":"k"})") == R"("1")");
  CHECK(redis.call("set", R"({"key":"k","value":"3","only_if_present":true,"ttl_ms":3600000})") ==
        "true");
  const int64_t left = std::stoll(redis.command(R"("PTTL",)" + redis.key("k")));
  CHECK(left > 0);
  CHECK(left <= 3'600'000);
  CHECK(redis.call("set", R"({"key":"k","value":"4"})") == "true");
  CHECK(redis.command(R"("PTTL",)" + redis.key("k")) == "-1");
  CHECK_THAT(redis.call("set", R"({"key":"k","value":"4","ttl_ms":9223372036854775807})"),
             StartsWith("failed: Redis: ERR invalid expire time"));
}

TEST_CASE("incr counts in 64 bits, and says what Redis says beyond them") {
  SharedRedis redis;
  CHECK(redis.call("incr", R"({"key":"n"})") == "1");
  CHECK(redis.call("incr", R"({"key":"n","by":41})") == "42");
  CHECK(redis.call("incr", R"({"key":"n","by":-50})") == "-8");
  CHECK(redis.call("incr", R"({"key":"n","by":8})") == "0");
  CHECK(redis.call("incr", R"({"key":"n","by":9223372036854775807})") == "9223372036854775807");
  CHECK_THAT(redis.call("incr", R"({"key":"n"})"), StartsWith("failed: Redis: ERR increment"));
  CHECK(redis.call("incr", R"({"key":"m","by":-9223372036854775808})") == "-9223372036854775808");
  redis.call("set", R"({"key":"n","value":"text"})");
  CHECK_THAT(redis.call("incr", R"({"key":"n"})"),
             StartsWith("failed: Redis: ERR value is not an"));
}

TEST_CASE("command answers with every kind of reply") {
  SharedRedis redis(
      R"(,"commands":["RPUSH","LRANGE","HSET","HGETALL","GET","EVAL","config get","SADD"])");
  const std::string list = redis.key("list"), hash = redis.key("hash");
  CHECK(redis.command(R"("LRANGE",)" + list + ",0,-1") == "[]");
  CHECK(redis.command(R"("rpush",)" + list + R"(,"a",2,3.5,"")") == "4");
  CHECK(redis.command(R"("LRange",)" + list + ",0,-1") == R"(["a","2","3.5",""])");
  CHECK(redis.command(R"("HSET",)" + hash + R"(,"f","v")") == "1");
  CHECK(redis.command(R"("HGETALL",)" + hash) == R"(["f","v"])");
  CHECK(redis.command(R"("GET",)" + redis.key("none")) == "null");
  CHECK(redis.command(R"("CONFIG","get","maxmemory-policy")") ==
        R"(["maxmemory-policy","noeviction"])");
  CHECK(redis.command(
            R"("EVAL","return {1,{},{'a',{{}},{2}},false,redis.status_reply('FINE')}",0)") ==
        R"([1,[],["a",[[]],[2]],null,"FINE"])");
  CHECK_THAT(redis.command(R"("CONFIG","SET","maxmemory",0)"),
             StartsWith("failed: the command 'CONFIG SET' is not among"));

  CHECK_THAT(redis.command(R"("GET",)" + list), StartsWith("failed: Redis: WRONGTYPE "));
  CHECK_THAT(redis.command(R"("GET")"), StartsWith("failed: Redis: ERR wrong number of arguments"));
  CHECK_THAT(redis.command(R"("EVAL","return {1,redis.error_reply('ODD one')}",0)"),
             StartsWith("failed: Redis: ODD one"));
  CHECK(redis.command(R"("EVAL","return {{{{{{{{1}}}}}}}}",0)") == "[[[[[[[[1]]]]]]]]");
  CHECK_THAT(redis.command(R"("EVAL","return {{{{{{{{{1}}}}}}}}}",0)"),
             StartsWith("failed: the answer has arrays in arrays deeper than 8"));
  CHECK(redis.command(R"("GET",)" + redis.key("none")) == "null");  // as good as before
}

TEST_CASE("bytes that are no text come and go as base64, when binary asks for it") {
  SharedRedis redis;
  CHECK(redis.call("set", R"({"key":"k","value":"/wCA","binary":true})") == "true");
  CHECK_THAT(redis.call("get", R"({"key":"k"})"),
             StartsWith("failed: the answer has bytes that are "
                        "not UTF-8; with binary = true"));
  CHECK(redis.call("get", R"({"key":"k","binary":true})") == R"("/wCA")");
  CHECK(redis.command(R"("MGET",)" + redis.key("k") + "," + redis.key("none"),
                      R"(,"binary":true)") == R"(["/wCA",null])");
  CHECK_THAT(redis.command(R"("MGET",)" + redis.key("k") + "," + redis.key("none")),
             StartsWith("failed: the answer has bytes that are not UTF-8"));
  CHECK(redis.call("set", R"({"key":"k","value":"","binary":true})") == "true");
  CHECK(redis.call("get", R"({"key":"k","binary":true})") == R"("")");
  CHECK(redis.call("set", R"({"key":"k","value":"dGV4dA==","binary":true})") == "true");
  CHECK(redis.call("get", R"({"key":"k"})") == R"("text")");
}

TEST_CASE("an answer that is too long is an error, and the next one is not") {
  PluginDriver::Options options;
  options.max_answer_bytes = 1'000;
  SharedRedis redis("", options);
  const std::string just = std::string(998, 'x');
  CHECK(redis.call("set", R"({"key":"k","value":")" + just + "\"}") == "true");
  CHECK(redis.call("get", R"({"key":"k"})") == json(just));
  for (const size_t size : {999u, 1'500u, 5'000u, 1'000'000u}) {
    INFO(size);
    CHECK(redis.call("set", R"({"key":"k","value":")" + std::string(size, 'x') + "\"}") == "true");
    CHECK(
        redis.call("get", R"({"key":"k"})") ==
        "failed: the answer is longer than the 1000 bytes that are allowed; ask for less at once");
    CHECK(redis.call("incr", R"({"key":"n","by":0})") == "0");
  }
  redis.command(R"("DEL",)" + redis.key("list"));
  for (int i = 0; i < 600; ++i) redis.command(R"("RPUSH",)" + redis.key("list") + ",1");
  CHECK_THAT(redis.command(R"("LRANGE",)" + redis.key("list") + ",0,-1"),
             StartsWith("failed: the answer is longer"));
  CHECK(redis.command(R"("LRANGE",)" + redis.key("list") + ",0,1") == R"(["1","1"])");
  // A text that is within the bound as it is, and not as JSON.
  CHECK(redis.call("set", R"({"key":"k","value":")" + std::string(499, '\\') + "\\\"}") == "true");
  CHECK(redis.call("get", R"({"key":"k"})").size() == 502);
  std::string controls;
  for (int i = 0; i < 300; ++i) controls += "\\u0001";
  CHECK(redis.call("set", R"({"key":"k","value":")" + controls + "\"}") == "true");
  CHECK_THAT(redis.call("get", R"({"key":"k"})"), StartsWith("failed: the answer is longer"));
}

TEST_CASE("calls from several threads get their own answers") {
  SharedRedis redis;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const std::string key = R"({"key":"k)" + std::to_string(t) + "\"";
      for (int i = 0; i < 100; ++i) {
        const std::string value = std::to_string(t) + "_" + std::to_string(i);
        if (redis.call("set", key + R"(,"value":")" + value + "\"}") != "true") ++wrong;
        if (redis.call("get", key + "}") != json(value)) ++wrong;
        redis.call("incr", R"({"key":"sum"})");
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(redis.call("get", R"({"key":"sum"})") == R"("400")");
}

TEST_CASE("keys of two prefixes do not meet") {
  SharedRedis one, other;
  CHECK(one.call("set", R"({"key":"k","value":"1"})") == "true");
  CHECK(other.call("get", R"({"key":"k"})") == "null");
  CHECK(one.call("get", R"({"key":"k"})") == R"("1")");
}

}  // namespace
}  // namespace sluice::test
