// The plugin "mongo": an action of a method each. reads.cpp has those that answer documents,
// writes.cpp those that change some.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plugins/mongo/session.h"
#include "plugins/support/args.h"
#include "sluice/plugin.hpp"

namespace sluice::plugin::mongo {

class Mongo {
 public:
  Mongo(const sluice_host& host, std::string_view config) : shared_(host, config) {}

  std::string find(std::string_view payload, const Pending& call);
  std::string count(std::string_view payload, const Pending& call);
  std::string aggregate(std::string_view payload, const Pending& call);

  std::string insert(std::string_view payload, const Pending& call);
  std::string insert_many(std::string_view payload, const Pending& call);
  std::string update(std::string_view payload, const Pending& call);
  std::string remove(std::string_view payload, const Pending& call);

  static constexpr Action<Mongo> kActions[] = {
      {"insert", &Mongo::insert}, {"insert_many", &Mongo::insert_many}, {"query", &Mongo::find},
      {"find", &Mongo::find},     {"update", &Mongo::update},           {"delete", &Mongo::remove},
      {"count", &Mongo::count},   {"aggregate", &Mongo::aggregate},
  };

 private:
  // What the payload's keys say. Throw Failure.
  std::string collection_of(Args& args) const;
  std::optional<BsonPtr> filter_of(Args& args) const;  // under "filter" or "query"
  BsonPtr needed_filter_of(Args& args,
                           bool many) const;  // that does not mean everything by accident

  std::string documents(const Session& session, mongoc_cursor_t* cursor, int64_t most,
                        const char* advice) const;

  Shared shared_;
};

// An object; [] counts as one, as Lua code cannot always tell an empty table's kind.
std::optional<std::string> optional_object(Args& args, std::string_view key);

// An array, as JSON; {} counts as one.
std::string array(Args& args, std::string_view key, const char* of);

}  // namespace sluice::plugin::mongo
