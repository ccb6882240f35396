#include "plugins/mongo/session.h"

#include <algorithm>

namespace sluice::plugin::mongo {

Shared::Shared(const sluice_host& host, std::string_view config)
    : settings(read_settings(config, host)), trouble(host) {
  bson_error_t error{};
  pool.reset(mongoc_client_pool_new_with_error(settings.uri.get(), &error));
  if (!pool) throw Failure(std::string("'url' asks for what cannot be had: ") + error.message);
  mongoc_client_pool_set_error_api(pool.get(), MONGOC_ERROR_API_VERSION_2);
}

Session::Session(Shared& shared, const std::string& collection, const Pending& call)
    : shared_(shared), call_(call), client_(shared.pool.get()) {
  check();
  if (client_.get() == nullptr) throw Failure("all connections to MongoDB are in use");
  collection_.reset(mongoc_client_get_collection(client_.get(), shared.settings.database.c_str(),
                                                 collection.c_str()));
}

BsonPtr Session::options() const {
  BsonPtr options(bson_new());
  const auto left = std::clamp<int64_t>(call_.remaining().count(), 1, INT32_MAX);
  bson_append_int64(options.get(), "maxTimeMS", -1, left);
  return options;
}

void Session::check() const {
  if (call_.abandoned() || call_.remaining().count() <= 0) throw Failure("the call's time is over");
}

void Session::fail(const bson_error_t& error) const {
  if (is_trouble(error)) shared_.trouble.say(error);
  throw Failure(message_of(error));
}

}  // namespace sluice::plugin::mongo
