#include "plugins/host/library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "plugins/host/text.h"

namespace sluice::plugins {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxActions = 256;
constexpr size_t kMaxNameBytes = 64;

struct CloseLibrary {
  void operator()(void* handle) const { dlclose(handle); }
};
using Handle = std::unique_ptr<void, CloseLibrary>;

Error wrong(std::string message) {
  return {Code::kInvalid, "plugins", std::move(message)};
}

Result<fs::path> find(const LibraryPlace& place) {
  std::vector<fs::path> candidates;
  if (place.file.is_absolute()) {
    candidates.push_back(place.file);
  } else {
    for (const fs::path& folder : place.folders) candidates.push_back(folder / place.file);
  }
  std::vector<std::string> looked;
  for (const fs::path& candidate : candidates) {
    std::error_code failed;
    // Absolute: dlopen() would search the system's folders for a name without a slash.
    const fs::path path = fs::absolute(candidate, failed).lexically_normal();
    if (fs::exists(path, failed)) return path;
    looked.push_back(path.string());
  }
  return wrong(fmt::format("there is no {}", fmt::join(looked, ", and no ")));
}

// What is wrong with a description; nothing when it can be used. Nothing but `abi` and
// `struct_size` may be looked at before they have been found right.
std::optional<std::string> fault_of(const sluice_plugin& plugin) {
  if (plugin.abi != SLUICE_PLUGIN_ABI)
    return fmt::format("was built for version {} of the interface; this server has {}", plugin.abi,
                       SLUICE_PLUGIN_ABI);
  if (plugin.struct_size < sizeof(sluice_plugin))
    return fmt::format("says struct_size {}; version {} of the interface has {}",
                       plugin.struct_size, plugin.abi, sizeof(sluice_plugin));
  if (plugin.open == nullptr || plugin.call == nullptr || plugin.close == nullptr)
    return "lacks one of open, call and close";
  if (plugin.name == nullptr || !is_name(plugin.name, kMaxNameBytes))
    return fmt::format("has no name of 1 to {} printable characters", kMaxNameBytes);
  if (plugin.actions == nullptr || plugin.actions[0] == nullptr) return "has no actions";

  std::vector<std::string_view> seen;
  for (const char* const* action = plugin.actions; *action != nullptr; ++action) {
    if (seen.size() == kMaxActions)
      return fmt::format("has more than {} actions, or no NULL behind the last", kMaxActions);
    if (!is_name(*action, kMaxNameBytes))
      return fmt::format(
          "has an action, number {}, whose name is not of 1 to {} printable characters",
          seen.size() + 1, kMaxNameBytes);
    if (std::find(seen.begin(), seen.end(), *action) != seen.end())
      return fmt::format("has the action '{}' twice", *action);
    seen.emplace_back(*action);
  }
  return std::nullopt;
}

}  // namespace

Result<Library> Library::load(const LibraryPlace& place) {
  const Result<fs::path> found = find(place);
  if (!found.ok()) return found.error();
  const std::string path = found->string();

  Handle handle(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!handle) {
    const char* why = dlerror();  // names the path
    return wrong(fmt::format("{} cannot be loaded: {}", path, why ? why : "unknown"));
  }
  const auto entry =
      reinterpret_cast<decltype(&sluice_plugin_entry)>(dlsym(handle.get(), "sluice_plugin_entry"));
  if (entry == nullptr)
    return wrong(fmt::format("{} is no Sluice plugin: it has no sluice_plugin_entry", path));
  const sluice_plugin* plugin = entry(SLUICE_PLUGIN_ABI);
  if (plugin == nullptr)
    return wrong(
        fmt::format("{} cannot work with version {} of the interface, which this server has", path,
                    SLUICE_PLUGIN_ABI));
  if (const std::optional<std::string> fault = fault_of(*plugin))
    return wrong(fmt::format("{} {}", path, *fault));
  return Library(handle.release(), plugin);
}

Library::Library(void* handle, const sluice_plugin* plugin) : handle_(handle), plugin_(plugin) {
  for (const char* const* action = plugin->actions; *action != nullptr; ++action)
    actions_.emplace_back(*action);
}

Library::Library(Library&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      plugin_(other.plugin_),
      actions_(std::move(other.actions_)) {}

Library::~Library() {
  if (handle_ != nullptr) dlclose(handle_);
}

void Library::keep() {
  handle_ = nullptr;
}

const char* Library::action(std::string_view name) const {
  for (const std::string& action : actions_)
    if (action == name) return action.c_str();
  return nullptr;
}

}  // namespace sluice::plugins
