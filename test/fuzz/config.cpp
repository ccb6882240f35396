// config.lua, the environment and flags → Settings. What is accepted must be within the bounds of
// its setting; what is not must be answered by a message.
//
// The input: the text of config.lua up to the first NUL, then NAME=VALUE for environment and flags
// in turn, each ended by a NUL.
#include <sys/mman.h>
#include <unistd.h>

#include "base/config/lua_config.h"
#include "base/config/schema.h"
#include "base/config/settings.h"
#include "check.h"

namespace sluice::fuzz {
namespace {

using namespace config;

// A file without a place on the disk.
class File {
 public:
  File() : fd_(memfd_create("config.lua", MFD_CLOEXEC)) { check(fd_ >= 0, "no file"); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  void write(std::string_view text) {
    check(ftruncate(fd_, 0) == 0 &&
              pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()),
          "cannot write the file");
  }

 private:
  int fd_;
};

std::string_view take(std::string_view& text) {
  const size_t end = std::min(text.find('\0'), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

void check_error(const Error& error) {
  check(error.code == Code::kInvalid, "a setting's fault has another code", error.text());
  check(!error.message.empty(), "a fault without a message");
  check(error.message.size() < 8192, "a fault that fills pages", error.message);
}

void one(std::string_view input) {
  static File file;
  const std::string_view text = take(input);
  file.write(text);
  std::map<std::string, std::string, std::less<>> environment;
  Flags flags;
  for (bool is_flag = false; !input.empty(); is_flag = !is_flag) {
    const std::string_view pair = take(input);
    const size_t middle = std::min(pair.find('='), pair.size());
    const std::string name(pair.substr(0, middle));
    const std::string value(pair.substr(std::min(middle + 1, pair.size())));
    if (is_flag) {
      flags[name] = value;
    } else if (name != "SLUICE_CONFIG") {
      environment[name] = value;
    }
  }
  const auto look_up = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };

  const auto blocks = parse_config(text, "config.lua");
  if (!blocks.ok()) check_error(blocks.error());
  const auto loaded = load_settings(flags, look_up, file.path());
  if (!loaded.ok()) return check_error(loaded.error());
  check(blocks.ok(), "settings from a text that is none", text);
  check(!describe(*loaded).empty(), "no description");
  for (const Setting& setting : schema()) {
    const Value value = setting.read(*loaded);
    if (value == setting.read(Settings())) continue;
    const Result<Value> again = fit(setting.shape, value);
    check(again.ok() && *again == value, "a setting that it would not accept itself", setting.name);
    check(!show(setting.shape, value).empty(), "a value that cannot be shown", setting.name);
  }
}

}  // namespace
}  // namespace sluice::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::fuzz::one({reinterpret_cast<const char*>(data), size});
  return 0;
}
