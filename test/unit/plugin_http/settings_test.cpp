#include "plugins/http/settings.h"

#include <catch2/catch.hpp>

#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using Catch::Matchers::Contains;
using std::chrono::milliseconds;

std::string why(const std::string& more) {
  try {
    parse_settings(R"({"hosts":["example.com"],)" + more + "}", 1 << 20);
    return "";
  } catch (const plugin::Failure& failure) {
    return failure.what();
  }
}

TEST_CASE("without hosts the plugin does not open, and says what to write") {
  for (const char* config : {"{}", "[]", R"({"hosts":[]})"}) {
    INFO(config);
    CHECK_THROWS_WITH(parse_settings(config, 1 << 20),
                      Contains("needs 'hosts'") && Contains("\"*\""));
  }
  CHECK_NOTHROW(parse_settings(R"({"private_hosts":["intra"]})", 1 << 20));
}

TEST_CASE("settings have defaults, and take numbers or texts with a unit") {
  const Settings plain = parse_settings(R"({"hosts":["*"]})", 12345);
  CHECK(plain.max_answer_bytes == 12345);
  CHECK(plain.max_redirects == 5);
  CHECK(plain.connect_timeout == milliseconds(10'000));
  CHECK(plain.proxy.empty());
  CHECK(plain.schemes.size() == 2);

  const Settings all = parse_settings(
      R"({"hosts":["a.com"],"max_answer_bytes":"64K","max_request_bytes":100,"max_header_bytes":"2K",
          "connect_timeout":"3s","max_redirects":0,"user_agent":"x","schemes":["https"],
          "proxy":"http://p:3128","connections_per_host":2})",
      1 << 20);
  CHECK(all.max_answer_bytes == 64 << 10);
  CHECK(all.max_request_bytes == 100);
  CHECK(all.max_header_bytes == 2 << 10);
  CHECK(all.connect_timeout == milliseconds(3000));
  CHECK(all.max_redirects == 0);
  CHECK(all.connections_per_host == 2);
  CHECK(parse_settings(R"({"hosts":["a.com"],"connect_timeout":250})", 1).connect_timeout ==
        milliseconds(250));
}

TEST_CASE("settings that are wrong name their key") {
  CHECK_THAT(why(R"("max_answer_bytes":"2M")"), Contains("'max_answer_bytes'"));
  CHECK_THAT(why(R"("max_answer_bytes":1048577)"), Contains("'max_answer_bytes'"));
  CHECK_THAT(why(R"("max_answer_bytes":"many")"), Contains("'max_answer_bytes'"));
  CHECK_THAT(why(R"("connect_timeout":"0s")"), Contains("'connect_timeout'"));
  CHECK_THAT(why(R"("connect_timeout":"1y")"), Contains("'connect_timeout'"));
  CHECK_THAT(why(R"("connect_timeout":true)"), Contains("'connect_timeout'"));
  CHECK_THAT(why(R"("max_redirects":21)"), Contains("'max_redirects'"));
  CHECK_THAT(why(R"("schemes":["ftp"])"), Contains("'schemes'"));
  CHECK_THAT(why(R"("schemes":[])"), Contains("'schemes'"));
  CHECK_THAT(why(R"("user_agent":"a\r\nb")"), Contains("'user_agent'"));
  CHECK_THAT(why(R"("ca_file":"/nowhere/ca.pem")"), Contains("'ca_file'"));
  CHECK_THAT(why(R"("proxy":"socks5://x")"), Contains("'proxy'"));
  CHECK_THAT(why(R"("resolve":["a:1:127.0.0.1"])"), Contains("unknown key 'resolve'"));
  CHECK_THROWS_WITH(parse_settings(R"({"hosts":["*"],"proxy":"http://p:1"})", 1),
                    Contains("\"*\""));
  CHECK_THROWS_WITH(parse_settings(R"({"hosts":["a b"]})", 1), Contains("'a b' in 'hosts'"));
  CHECK(why(R"("max_redirects":3)").empty());
}

}  // namespace
}  // namespace sluice::http
