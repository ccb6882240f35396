#include "apps/sluice/plugin_side.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "sandbox/limits.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

// What runs has had the runner's grace; this is for plugins to notice that nobody waits any more.
constexpr Millis kGrace{3'000};

// The plugins of a build tree stand in its folder `plugins`, those that are installed at
// SLUICE_PLUGINS from the server.
fs::path plugin_folder() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  const bool is_build_tree = fs::exists(folder / "sluice-sandbox", error);
  return (folder / (is_build_tree ? "../plugins" : SLUICE_PLUGINS)).lexically_normal();
}

std::vector<plugins::PluginOptions> plugin_options(const Settings& settings) {
  const fs::path installed = plugin_folder();
  std::vector<plugins::PluginOptions> all;
  for (const Settings::Plugin& plugin : settings.plugins) {
    plugins::PluginOptions options;
    options.instance.name = plugin.name;
    options.instance.config = plugin.options;
    options.instance.concurrency = static_cast<size_t>(plugin.concurrency);
    options.instance.queue = static_cast<size_t>(plugin.queue);
    options.instance.timeout = plugin.timeout;
    options.instance.max_answer_bytes = sandbox::kMaxAnswerBytes;
    options.library = {plugin.file, {plugin.folder, installed}};
    options.origin = plugin.origin;
    all.push_back(std::move(options));
  }
  return all;
}

}  // namespace

PluginSide::PluginSide(const Settings& settings, Loop& loop, const Clock& clock, Log& log,
                       Metrics& metrics, bool& threads_left)
    : settings_(settings), threads_left_(threads_left), host_(loop, clock, log, metrics) {}

PluginSide::~PluginSide() {
  threads_left_ = !host_.stop(kGrace);
}

Status PluginSide::open() {
  if (settings_.runner.workers == 0) return {};
  return host_.open(plugin_options(settings_));
}

}  // namespace sluice
