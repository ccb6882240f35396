// TLS, against the server that openssl has for such things.
#include <catch2/catch.hpp>

#include "test/support/plugin/plugin_driver.h"
#include "test/support/process.h"
#include "test/support/scripted_server.h"

namespace sluice::test {
namespace {

using Catch::Matchers::Contains;

// A certificate for 127.0.0.1, signed by itself, and a server that shows it.
class TlsServer {
 public:
  TlsServer()
      : made_(run_program({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                           "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder_ / "key.pem",
                           "-out", certificate(), "-days", "2", "-subj", "/CN=test", "-addext",
                           "subjectAltName=IP:127.0.0.1"})),
        server_({"/usr/bin/openssl", "s_server", "-accept", "127.0.0.1:0", "-key",
                 folder_ / "key.pem", "-cert", certificate(), "-www"},
                {}, "ACCEPT 127.0.0.1:") {}

  std::string certificate() const { return folder_ / "certificate.pem"; }
  std::string authority(const std::string& host = "127.0.0.1") const {
    static const std::string kBefore = "ACCEPT 127.0.0.1:";
    const std::string& said = server_.said();
    const size_t at = said.find(kBefore) + kBefore.size();
    return host + ":" + said.substr(at, said.find('\n', at) - at);
  }

 private:
  TempFolder folder_;
  Exit made_;
  Program server_;
};

PluginAnswer get(const std::string& config, const std::string& authority) {
  PluginDriver http("http.so", R"({"hosts":["127.0.0.1:*","localhost:*"])" + config + "}");
  return http.call("get", R"({"url":"https://)" + authority + "/\"}");
}

TEST_CASE("a certificate must be trusted, and be that of the host") {
  const TlsServer server;
  const std::string ca = R"(,"ca_file":")" + server.certificate() + "\"";
  const auto unknown = get("", server.authority());
  CHECK_FALSE(unknown.ok);
  CHECK_THAT(unknown.text, Contains("the certificate of '127.0.0.1' is not trusted"));

  const auto known = get(ca, server.authority());
  INFO(known.text);
  CHECK(known.ok);
  CHECK_THAT(known.text, Contains("\"status\":200"));

  const auto other = get(ca, server.authority("localhost"));
  CHECK_FALSE(other.ok);
  CHECK_THAT(other.text, Contains("the certificate of 'localhost' is not trusted"));
}

TEST_CASE("a server without TLS is told as that") {
  const ScriptedServer server([](const Heard&, ScriptedServer::Peer& peer) { peer.close(); });
  PluginDriver http("http.so", R"({"hosts":["127.0.0.1:*"]})");
  const auto got = http.call("get", R"({"url":"https://127.0.0.1:)" +
                                        std::to_string(server.port()) + R"(/","timeout_ms":200})");
  CHECK_FALSE(got.ok);
}

}  // namespace
}  // namespace sluice::test
