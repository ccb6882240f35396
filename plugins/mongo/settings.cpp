#include "plugins/mongo/settings.h"

#include <algorithm>

#include "plugins/mongo/policy.h"
#include "plugins/support/args.h"
#include "sluice/plugin.hpp"

namespace sluice::plugin::mongo {
namespace {

using Millis = std::chrono::milliseconds;

constexpr const char* kDefaultUrl = "mongodb://localhost";
constexpr const char* kDefaultDatabase = "sluice_data";
constexpr const char* kStoreDatabase = "sluice";  // where a fleet keeps its invocations
constexpr Millis kServerSelection{2'000};
constexpr Millis kMostSelection{60'000};
constexpr Millis kConnect{2'000};
constexpr int64_t kMostDocuments = 1'000'000;
constexpr size_t kLongestDatabase = 63;

// mongo-c-driver wants to be started once a process; where the server's store did that, nothing
// happens.
void start_driver() {
  mongoc_init();
  mongoc_log_set_handler(nullptr, nullptr);  // what goes wrong is said by us
}

// The driver quotes a password that it cannot read.
std::string without_password(const std::string& message, const std::string& url) {
  const bool has_login = url.find('@') != std::string::npos;
  return has_login && message.find('"') != std::string::npos
             ? "a user or password that is not percent-encoded"
             : message;
}

UriPtr parse_url(const std::string& url) {
  bson_error_t error{};
  UriPtr uri(mongoc_uri_new_with_error(url.c_str(), &error));
  const bool cut = url.find('\0') != std::string::npos;
  if (!uri || cut)
    throw Failure("'url' is none of MongoDB, such as mongodb://host:27017/people: " +
                  (cut ? "it has a zero byte" : without_password(error.message, url)));
  // Answers say what was written, and an error that it was not: both need the server's word.
  if (!mongoc_write_concern_is_acknowledged(mongoc_uri_get_write_concern(uri.get())))
    throw Failure("'url' must not ask for unacknowledged writes (w=0)");
  return uri;
}

void set_most(mongoc_uri_t* uri, const char* option, Millis most) {
  const auto limit = static_cast<int32_t>(most.count());
  const int32_t asked = mongoc_uri_get_option_as_int32(uri, option, limit);
  mongoc_uri_set_option_as_int32(uri, option, asked > 0 ? std::min(asked, limit) : limit);
}

// A server that stops in the middle of an answer must not hold a thread for longer than anybody
// would wait for the answer.
void bound(mongoc_uri_t* uri, Millis selection, const sluice_host& host) {
  const Millis timeout(std::clamp<int64_t>(host.timeout_ms, 1'000, INT32_MAX));
  mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS,
                                 static_cast<int32_t>(std::min(selection, timeout).count()));
  set_most(uri, MONGOC_URI_CONNECTTIMEOUTMS, std::min(kConnect, timeout));
  set_most(uri, MONGOC_URI_SOCKETTIMEOUTMS, timeout);
  mongoc_uri_set_option_as_int32(
      uri, MONGOC_URI_MAXPOOLSIZE,
      static_cast<int32_t>(std::clamp<uint32_t>(host.concurrency, 1, 10'000)));
  if (!mongoc_uri_has_option(uri, MONGOC_URI_HEARTBEATFREQUENCYMS))
    mongoc_uri_set_option_as_int32(uri, MONGOC_URI_HEARTBEATFREQUENCYMS, 2'000);
  mongoc_uri_set_appname(uri, "sluice-plugin");
}

void check_database(const Settings& settings) {
  const std::string& name = settings.database;
  if (name.empty() || name.size() > kLongestDatabase ||
      name.find_first_of(std::string_view("/\\. \"$*<>:|?\0", 14)) != std::string::npos)
    throw Failure(
        "'database' must be a name of 1 to 63 bytes without spaces and any of / \\ . \" $ * < > : "
        "| ?");
  for (const char* own : {"admin", "local", "config"})
    if (name == own) throw Failure("'database' must not be '" + name + "': it is MongoDB's own");
  if (name == kStoreDatabase && settings.collections.empty())
    throw Failure(
        "'database' is 'sluice', where a fleet keeps its invocations, and every action could read "
        "and change them: "
        "name another, or in 'collections' those that actions may use");
}

}  // namespace

Settings read_settings(std::string_view config, const sluice_host& host) {
  start_driver();
  Args args(config, "the plugin's block");
  Settings settings;
  settings.uri = parse_url(args.optional_text("url").value_or(kDefaultUrl));

  const char* in_url = mongoc_uri_get_database(settings.uri.get());
  settings.database =
      args.optional_text("database").value_or(in_url != nullptr ? in_url : kDefaultDatabase);
  const bool listed = args.has("collections");
  settings.collections = args.texts("collections");
  if (listed && settings.collections.empty())
    throw Failure("'collections' names none: leave it out to allow all");
  for (const std::string& name : settings.collections) check_collection_name("collections", name);
  check_database(settings);

  settings.max_documents =
      args.integer_or("max_documents", settings.max_documents, 1, kMostDocuments);
  const auto most = static_cast<int64_t>(std::min<uint64_t>(host.max_answer_bytes, INT32_MAX / 4));
  settings.max_bytes = static_cast<size_t>(args.bytes_or("max_bytes", most, 64, most));
  settings.allow_javascript = args.flag("allow_javascript", false);
  settings.allow_out = args.flag("allow_out", false);
  const Millis selection =
      args.millis_or("server_selection_timeout", kServerSelection, Millis(1), kMostSelection);
  args.done();

  bound(settings.uri.get(), selection, host);
  return settings;
}

}  // namespace sluice::plugin::mongo
