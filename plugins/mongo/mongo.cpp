#include "plugins/mongo/mongo.h"

#include "plugins/mongo/from_json.h"
#include "plugins/mongo/policy.h"

namespace sluice::plugin::mongo {

std::optional<std::string> optional_object(Args& args, std::string_view key) {
  const auto json = args.optional_json(key);
  if (json && *json == "[]") return "{}";
  return args.optional_object(key);
}

std::string array(Args& args, std::string_view key, const char* of) {
  const std::string json = args.json(key);
  if (json == "{}") return "[]";
  if (json.front() != '[') throw Failure("'" + std::string(key) + "' must be an array of " + of);
  return json;
}

std::string Mongo::collection_of(Args& args) const {
  std::string name = args.text("collection");
  check_collection(shared_.settings, "collection", name);
  return name;
}

std::optional<BsonPtr> Mongo::filter_of(Args& args) const {
  const auto filter = optional_object(args, "filter");
  const auto query = optional_object(args, "query");
  if (filter && query) throw Failure("'filter' and 'query' are the same: give one of them");
  const char* key = query ? "query" : "filter";
  if (!filter && !query) return {};
  BsonPtr document = from_json(filter ? *filter : *query, key);
  check_javascript(shared_.settings, key, document.get());
  return document;
}

BsonPtr Mongo::needed_filter_of(Args& args, bool many) const {
  auto filter = filter_of(args);
  const bool all = args.flag("all", false);
  if (!filter) throw Failure("the payload needs 'filter', an object that says which documents");
  if (bson_empty(filter->get()) && !(many && all))
    throw Failure(
        "'filter' is empty and means every document: say so with many=true and all=true, or name "
        "some");
  return *std::move(filter);
}

}  // namespace sluice::plugin::mongo

using sluice::plugin::mongo::Mongo;
SLUICE_PLUGIN(Mongo, "mongo", "1.0.0", 0)
