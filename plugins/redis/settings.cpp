#include "plugins/redis/settings.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "plugins/support/args.h"
#include "sluice/plugin.hpp"

namespace sluice::redis_plugin {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kMaxValue = 1 << 20, kMostMaxValue = 512 << 20;  // Redis itself takes no more
constexpr milliseconds kConnectTimeout{1'000};
constexpr size_t kMaxPassword = 4'096;

// Text that goes to functions of C, which see the end of it in a zero byte.
std::string plain(std::string_view key, std::string text) {
  if (text.empty()) throw plugin::Failure("'" + std::string(key) + "' is empty");
  if (text.find('\0') != std::string::npos)
    throw plugin::Failure("'" + std::string(key) + "' has a zero byte");
  return text;
}

// The file's first line; the end of line is not part of it.
std::string read_password(const std::string& path) {
  // The working directory of a server is no place that anybody means.
  if (!path.starts_with('/'))
    throw plugin::Failure("'password_file' must be an absolute path, which begins with '/'");
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxPassword + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  if (text.empty())
    throw plugin::Failure("'password_file' " + path + " cannot be read, or is empty");
  if (text.size() > kMaxPassword)
    throw plugin::Failure("'password_file' " + path + " has more than " +
                          std::to_string(kMaxPassword) + " bytes: is it another file?");
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty() || text.find('\n') != std::string::npos)
    throw plugin::Failure("'password_file' " + path + " must hold one line, the password");
  return text;
}

// `url` says where, or `host` and `port`, or `socket`; the rest may stand beside each of them.
Address read_address(plugin::Args& args) {
  Address address;
  const auto url = args.optional_text("url"), host = args.optional_text("host"),
             socket = args.optional_text("socket"), user = args.optional_text("user"),
             password = args.optional_text("password"),
             password_file = args.optional_text("password_file");
  const bool has_port = args.has("port"), has_database = args.has("database");

  if (url && (host || socket || has_port))
    throw plugin::Failure("'url' already says where: leave out 'host', 'port' and 'socket'");
  if (socket && (host || has_port))
    throw plugin::Failure("'socket' already says where: leave out 'host' and 'port'");
  if (url) address = parse_url(*url);
  if (host) address.host = plain("host", *host);
  if (socket) address.socket = plain("socket", *socket);
  if (url) plain("url", address.socket.empty() ? address.host : address.socket);
  if (has_port) address.port = static_cast<int>(args.integer("port", 1, 65'535));
  if (has_database) {
    if (address.database != 0) throw plugin::Failure("'url' already names a 'database'");
    address.database = static_cast<int>(args.integer("database", 0, kMaxDatabase));
  }

  if (password && password_file)
    throw plugin::Failure("'password' and 'password_file' are both given; keep one of them");
  if (!address.password.empty() && (user || password || password_file))
    throw plugin::Failure(
        "'url' already has a password: leave out 'user', 'password' and 'password_file'");
  if (user && !password && !password_file)
    throw plugin::Failure("'user' needs a 'password' or a 'password_file'");
  if (user) address.user = plain("user", *user);
  if (password) address.password = plain("password", *password);
  if (password_file) address.password = read_password(plain("password_file", *password_file));
  return address;
}

AllowList read_commands(plugin::Args& args) {
  const auto list = args.optional_json("commands");
  if (!list) return AllowList::harmless();
  // Lua's {} may come as either.
  if (*list == "{}" || *list == "[]") return AllowList({});
  return AllowList(args.texts("commands"));
}

}  // namespace

Settings read_settings(std::string_view config) {
  plugin::Args args(config, "the configuration");
  Settings settings{read_address(args), args.optional_text("prefix").value_or(""),
                    read_commands(args), args.bytes_or("max_value", kMaxValue, 1, kMostMaxValue),
                    args.millis_or("connect_timeout", kConnectTimeout, milliseconds(10),
                                   std::chrono::minutes(1))};
  args.done();
  return settings;
}

}  // namespace sluice::redis_plugin
