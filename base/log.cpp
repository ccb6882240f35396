#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/secrets.h"

namespace sluice {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

}  // namespace

Log::Log(const LogOptions& options) : level_(options.level) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (options.fancy) {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();  // plain when stderr is no
                                                                     // terminal
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  logger_ = std::make_shared<spdlog::logger>("sluice", std::move(sink));
  logger_->set_level(to_spdlog(options.level));
  logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      options.timestamp ? "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$: %v" : "%^%l%$: %v",
      spdlog::pattern_time_type::utc));
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view line) {
  // The last line of defence: whoever writes a line may pass on what a driver or a user said.
  const std::string shown = without_secrets(line);
  logger_->log(to_spdlog(level), spdlog::string_view_t(shown.data(), shown.size()));
}

}  // namespace sluice
