// log: writes each call's payload into the server's log, and answers it back.
#include <string>

#include "sluice/plugin.hpp"

namespace {

using sluice::plugin::Action;
using sluice::plugin::Pending;

class Logger {
 public:
  Logger(const sluice_host& host, std::string_view) : host_(host) {}

  std::string log(std::string_view payload, const Pending&) {
    sluice::plugin::log(host_, SLUICE_LOG_INFO, payload);
    return std::string(payload);
  }

  static constexpr Action<Logger> kActions[] = {{"log", &Logger::log}, {"echo", &Logger::log}};

 private:
  const sluice_host& host_;
};

}  // namespace

SLUICE_PLUGIN(Logger, "log", "0.1.0", 0)
