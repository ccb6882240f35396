#include "test/support/plugin/plugin_driver.h"

#include <dlfcn.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

// One call, as plugins know it: by its address.
struct sluice_call {
  std::mutex mutex;
  std::condition_variable answered;
  int answers = 0;
  bool abandoned = false;
  std::chrono::steady_clock::time_point until;
  sluice::test::PluginAnswer answer;
};

namespace sluice::test {
namespace {

void end(sluice_call* call, bool ok, const char* text, size_t size) {
  std::lock_guard lock(call->mutex);
  ++call->answers;
  call->answer = {ok, std::string(text, size)};
  call->answered.notify_all();
}

void succeed(sluice_call* call, const char* json, size_t size) {
  end(call, true, json, size);
}

void fail(sluice_call* call, const char* message, size_t size) {
  end(call, false, message, size);
}

int is_abandoned(const sluice_call* call) {
  return call->abandoned ? 1 : 0;
}

int64_t remaining_ms(const sluice_call* call) {
  if (call->abandoned) return 0;
  const auto left = call->until - std::chrono::steady_clock::now();
  return std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(left).count());
}

}  // namespace

struct PluginDriver::Impl {
  void* library = nullptr;
  const sluice_plugin* plugin = nullptr;
  void* state = nullptr;
  bool open = false;
  sluice_host host{};
  std::chrono::milliseconds timeout{};
  std::mutex mutex;
  std::string logged;

  static void log(void* context, enum sluice_log_level, const char* text, size_t size) {
    auto* self = static_cast<Impl*>(context);
    std::lock_guard lock(self->mutex);
    self->logged.append(text, size).append("\n");
  }

  ~Impl() {
    if (open) plugin->close(state);
    if (library != nullptr) dlclose(library);
  }

  PluginAnswer call(const std::string& action, const std::string& payload, bool abandoned) {
    sluice_call call;
    call.abandoned = abandoned;
    call.until = std::chrono::steady_clock::now() + timeout;
    plugin->call(state, action.c_str(), payload.c_str(), payload.size(), &call);
    std::unique_lock lock(call.mutex);
    if (!call.answered.wait_for(lock, std::chrono::minutes(1), [&] { return call.answers > 0; }))
      throw std::runtime_error("no answer from " + action);
    if (call.answers != 1) throw std::runtime_error("several answers from " + action);
    return call.answer;
  }
};

PluginDriver::PluginDriver(const std::string& file, const std::string& config, Options options)
    : impl_(std::make_unique<Impl>()) {
  const std::string path =
      file.front() == '/' ? file : std::string(SLUICE_BIN_DIR "/../plugins/") + file;
  impl_->library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (impl_->library == nullptr) throw std::runtime_error(dlerror());
  const auto entry = reinterpret_cast<decltype(&sluice_plugin_entry)>(
      dlsym(impl_->library, "sluice_plugin_entry"));
  if (entry == nullptr) throw std::runtime_error("no sluice_plugin_entry in " + path);
  impl_->plugin = entry(SLUICE_PLUGIN_ABI);
  if (impl_->plugin == nullptr) throw std::runtime_error(path + " refuses this host");
  impl_->timeout = options.timeout;
  impl_->host = {SLUICE_PLUGIN_ABI,
                 sizeof(sluice_host),
                 impl_.get(),
                 options.concurrency,
                 static_cast<uint32_t>(options.timeout.count()),
                 options.max_answer_bytes,
                 &succeed,
                 &fail,
                 &is_abandoned,
                 &remaining_ms,
                 &Impl::log};
  char error[512] = "";
  if (impl_->plugin->open(&impl_->host, config.c_str(), config.size(), &impl_->state, error,
                          sizeof error) != 0)
    throw std::runtime_error(error);
  impl_->open = true;
}

PluginDriver::~PluginDriver() = default;

PluginAnswer PluginDriver::call(const std::string& action, const std::string& payload) {
  return impl_->call(action, payload, false);
}

PluginAnswer PluginDriver::call_abandoned(const std::string& action, const std::string& payload) {
  return impl_->call(action, payload, true);
}

const sluice_plugin& PluginDriver::description() const {
  return *impl_->plugin;
}

std::string PluginDriver::logged() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->logged;
}

}  // namespace sluice::test
