// The plugin "http": requests to hosts that the configuration lists.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/http/client.h"
#include "plugins/http/request.h"
#include "plugins/http/settings.h"
#include "sluice/plugin.hpp"

namespace sluice::http {
namespace {

class Http {
 public:
  Http(const sluice_host& host, std::string_view config)
      : settings_(parse_settings(config, host.max_answer_bytes)), client_(settings_) {}

  void request(std::string_view payload, plugin::Reply& reply) { send({}, payload, reply); }
  void get(std::string_view payload, plugin::Reply& reply) { send("GET", payload, reply); }
  void post(std::string_view payload, plugin::Reply& reply) { send("POST", payload, reply); }

  static constexpr plugin::Action<Http> kActions[] = {
      {"request", &Http::request}, {"get", &Http::get}, {"post", &Http::post}};

 private:
  void send(std::optional<std::string> method, std::string_view payload, plugin::Reply& reply) {
    Request request = parse_request(payload, settings_, std::move(method));
    client_.send(std::make_unique<Transfer>(settings_, std::move(request), std::move(reply)));
  }

  const Settings settings_;
  Client client_;
};

}  // namespace
}  // namespace sluice::http

SLUICE_PLUGIN(sluice::http::Http, "http", "1.0.0", SLUICE_PLUGIN_NONBLOCKING)
