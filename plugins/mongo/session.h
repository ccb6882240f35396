// One call's way to MongoDB: a client, a collection, the time that is left.
#pragma once

#include <string>
#include <string_view>

#include "plugins/mongo/failures.h"
#include "plugins/mongo/handles.h"
#include "plugins/mongo/settings.h"
#include "sluice/plugin.hpp"

namespace sluice::plugin::mongo {

// What all calls share. Used from several threads.
struct Shared {
  Shared(const sluice_host& host, std::string_view config);

  Settings settings;
  TroubleLog trouble;
  PoolPtr pool;
};

class Session {
 public:
  // Throws Failure where nobody waits for the answer any more.
  Session(Shared& shared, const std::string& collection, const Pending& call);

  mongoc_collection_t* collection() const { return collection_.get(); }

  // {maxTimeMS: what is left of the call's time}
  BsonPtr options() const;

  // Throws Failure when the caller is gone: in what takes long.
  void check() const;

  // Throws Failure: what the driver says.
  [[noreturn]] void fail(const bson_error_t& error) const;

 private:
  Shared& shared_;
  const Pending& call_;
  PooledClient client_;
  CollectionPtr collection_;
};

}  // namespace sluice::plugin::mongo
