// Library: a plugin's shared library, found, loaded and checked, but not opened yet.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sluice/plugin.h"

namespace sluice::plugins {

// Where to look for the library of `Plugin "name" { file = … }`.
struct LibraryPlace {
  std::filesystem::path file;                  // as it is written
  std::vector<std::filesystem::path> folders;  // for a relative one, in this order
};

// Loaded as long as this lives.
class Library {
 public:
  // An error is kInvalid and says which path was tried and what is wrong with it.
  static Result<Library> load(const LibraryPlace& place);

  Library(Library&& other) noexcept;
  Library& operator=(Library&&) = delete;
  ~Library();

  // Never unloads it: a thread may still be inside.
  void keep();

  const sluice_plugin& plugin() const { return *plugin_; }
  const std::vector<std::string>& actions() const { return actions_; }  // as they are declared
  // The name for call() of an action that exists; else null.
  const char* action(std::string_view name) const;

 private:
  Library(void* handle, const sluice_plugin* plugin);

  void* handle_;
  const sluice_plugin* plugin_;
  std::vector<std::string> actions_;
};

}  // namespace sluice::plugins
