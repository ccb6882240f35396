#include "plugins/host/host_functions.h"

#include <algorithm>
#include <chrono>

#include "plugins/host/instance.h"

namespace sluice::plugins {
namespace {

std::string_view view(const char* text, size_t size) {
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

LogLevel level_of(enum sluice_log_level level) {
  switch (level) {
    case SLUICE_LOG_DEBUG:
      return LogLevel::kDebug;
    case SLUICE_LOG_INFO:
      return LogLevel::kInfo;
    case SLUICE_LOG_WARN:
      return LogLevel::kWarn;
    case SLUICE_LOG_ERROR:
      break;
  }
  return LogLevel::kError;
}

void succeed(sluice_call* call, const char* json, size_t size) noexcept {
  if (call != nullptr) Place::of(call).owner.answer(call, true, view(json, size));
}

void fail(sluice_call* call, const char* message, size_t size) noexcept {
  if (call != nullptr) Place::of(call).owner.answer(call, false, view(message, size));
}

int is_abandoned(const sluice_call* call) {
  if (call == nullptr) return 1;
  const Place& place = Place::of(call);
  return !place.is_open(call) || place.abandoned.load(std::memory_order_relaxed) ? 1 : 0;
}

int64_t remaining_ms(const sluice_call* call) {
  if (is_abandoned(call) != 0) return 0;
  const MonoTime deadline = Place::of(call).deadline.load(std::memory_order_relaxed);
  const auto left = std::chrono::ceil<Millis>(deadline - std::chrono::steady_clock::now());
  return std::max<int64_t>(0, left.count());
}

void log(void* context, enum sluice_log_level level, const char* text, size_t size) noexcept {
  static_cast<Instance*>(context)->log(level_of(level), view(text, size));
}

}  // namespace

sluice_host host_functions() {
  sluice_host host{};
  host.abi = SLUICE_PLUGIN_ABI;
  host.struct_size = sizeof host;
  host.succeed = &succeed;
  host.fail = &fail;
  host.is_abandoned = &is_abandoned;
  host.remaining_ms = &remaining_ms;
  host.log = &log;
  return host;
}

}  // namespace sluice::plugins
