#include "plugins/http/settings.h"

#include <unistd.h>

#include <algorithm>
#include <limits>

#include "plugins/support/args.h"
#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using plugin::Args;
using plugin::Failure;

std::vector<std::string> schemes(Args& args) {
  if (!args.has("schemes")) return {"http", "https"};
  std::vector<std::string> schemes = args.texts("schemes");
  for (const std::string& one : schemes)
    if (one != "http" && one != "https")
      throw Failure("'" + one + "' in 'schemes' is neither \"http\" nor \"https\"");
  if (schemes.empty()) throw Failure("'schemes' is empty: \"http\", \"https\" or both");
  return schemes;
}

void check_proxy(const Settings& settings) {
  if (settings.proxy.empty()) return;
  if (settings.proxy.rfind("http://", 0) != 0 && settings.proxy.rfind("https://", 0) != 0)
    throw Failure("'proxy' must begin with http:// or https://");
  // Names are looked up by the proxy, so that no address can be checked here.
  if (settings.hosts.any_host())
    throw Failure(
        "'hosts' must not have \"*\" beside 'proxy': the proxy looks names up, and private "
        "addresses "
        "could not be told from public ones");
}

}  // namespace

Settings parse_settings(std::string_view config, uint64_t most_answer_bytes) {
  Args args(config, "Plugin \"http\"");
  const std::vector<std::string> hosts = args.texts("hosts");
  const std::vector<std::string> private_hosts = args.texts("private_hosts");
  if (hosts.empty() && private_hosts.empty())
    throw Failure(
        "Plugin \"http\" needs 'hosts', a list of what actions may reach: hosts = { "
        "\"api.example.com\", \"*.example.org:8443\" }; \"*\" is every public host");
  Settings settings;
  settings.hosts = HostRules(hosts, private_hosts);
  settings.schemes = schemes(args);
  settings.max_request_bytes =
      static_cast<size_t>(args.bytes_or("max_request_bytes", 1 << 20, 1, 64 << 20));
  const auto most = static_cast<int64_t>(
      std::min<uint64_t>(most_answer_bytes, std::numeric_limits<int32_t>::max()));
  settings.max_answer_bytes = static_cast<size_t>(args.bytes_or("max_answer_bytes", most, 1, most));
  settings.max_header_bytes =
      static_cast<size_t>(args.bytes_or("max_header_bytes", 32 << 10, 1 << 10, 256 << 10));
  settings.max_redirects = static_cast<unsigned>(args.integer_or("max_redirects", 5, 0, 20));
  settings.connect_timeout = args.millis_or("connect_timeout", 10s, 1ms, 10min);
  settings.user_agent = args.optional_text("user_agent").value_or(settings.user_agent);
  if (std::any_of(settings.user_agent.begin(), settings.user_agent.end(),
                  [](char c) { return c < 0x20 || c > 0x7e; }))
    throw Failure("'user_agent' must be one line of ASCII");
  settings.ca_file = args.optional_text("ca_file").value_or("");
  if (!settings.ca_file.empty() && access(settings.ca_file.c_str(), R_OK) != 0)
    throw Failure("'ca_file' cannot be read: " + settings.ca_file);
  settings.proxy = args.optional_text("proxy").value_or("");
  settings.connections_per_host =
      static_cast<long>(args.integer_or("connections_per_host", 16, 1, 1000));
  check_proxy(settings);
  args.done();
  return settings;
}

}  // namespace sluice::http
