#include "plugins/mongo/failures.h"

#include "plugins/mongo/shown.h"

namespace sluice::plugin::mongo {
namespace {

constexpr std::chrono::seconds kBetween{10};
constexpr size_t kLongest = 500;  // the driver's own limit
constexpr int kUnauthorized = 13;
constexpr int kAuthenticationFailed = 18;

bool is_login(const bson_error_t& error) {
  return (error.domain == MONGOC_ERROR_CLIENT && error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) ||
         error.domain == MONGOC_ERROR_SASL || error.domain == MONGOC_ERROR_SCRAM ||
         (error.domain == MONGOC_ERROR_SERVER && error.code == kAuthenticationFailed);
}

std::string line(const char* text) {
  return shown(text, kLongest);
}

}  // namespace

bool is_trouble(const bson_error_t& error) {
  return is_login(error) || error.domain == MONGOC_ERROR_SERVER_SELECTION ||
         error.domain == MONGOC_ERROR_STREAM || error.domain == MONGOC_ERROR_PROTOCOL ||
         error.domain == MONGOC_ERROR_POOL;
}

std::string message_of(const bson_error_t& error) {
  if (is_login(error)) return "MongoDB refuses the plugin's login; the server's log says more";
  if (error.domain == MONGOC_ERROR_SERVER_SELECTION)
    return "MongoDB cannot be reached; the server's log says more";
  if (is_trouble(error))
    return "the connection to MongoDB broke, or no answer came in time: what was asked for may "
           "have been done";
  if (error.domain == MONGOC_ERROR_SERVER && error.code == MONGOC_ERROR_MAX_TIME_MS_EXPIRED)
    return "MongoDB did not finish within the time that the call has (code 50)";
  // Its own message repeats the whole command, with what the driver added.
  if (error.domain == MONGOC_ERROR_SERVER && error.code == kUnauthorized)
    return "MongoDB does not permit the plugin's user to do that (code 13)";
  if (error.domain == MONGOC_ERROR_SERVER || error.domain == MONGOC_ERROR_QUERY ||
      error.domain == MONGOC_ERROR_WRITE_CONCERN)
    return "MongoDB: " + line(error.message) + " (code " + std::to_string(error.code) + ")";
  return "MongoDB's driver: " + line(error.message);
}

void TroubleLog::say(const bson_error_t& error) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const int64_t now =
      duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  int64_t next = next_ms_.load();
  if (now < next || !next_ms_.compare_exchange_strong(next, now + milliseconds(kBetween).count()))
    return;
  log(host_, SLUICE_LOG_WARN, "mongo: " + line(error.message));
}

}  // namespace sluice::plugin::mongo
