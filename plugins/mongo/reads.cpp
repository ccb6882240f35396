// Actions that answer what is in a collection.
#include "plugins/mongo/from_json.h"
#include "plugins/mongo/mongo.h"
#include "plugins/mongo/policy.h"
#include "plugins/mongo/to_json.h"

namespace sluice::plugin::mongo {
namespace {

constexpr int64_t kMostSkip = 1'000'000'000;
constexpr int64_t kBetweenChecks = 64;  // documents

void append_optional(bson_t* options, const char* key, const std::optional<BsonPtr>& document) {
  if (document) bson_append_document(options, key, -1, document->get());
}

// {"$limit": most} behind the last stage.
void append_limit(bson_t* pipeline, int64_t most) {
  const std::string index = std::to_string(bson_count_keys(pipeline));
  bson_t stage;
  bson_append_document_begin(pipeline, index.c_str(), -1, &stage);
  bson_append_int64(&stage, "$limit", -1, most);
  bson_append_document_end(pipeline, &stage);
}

}  // namespace

std::string Mongo::find(std::string_view payload, const Pending& call) {
  Args args(payload);
  const std::string collection = collection_of(args);
  const auto filter = filter_of(args);
  std::optional<BsonPtr> sort, projection;
  if (const auto json = args.optional_json("sort")) sort = order_from_json(*json, "sort");
  if (const auto json = optional_object(args, "projection")) {
    projection = from_json(*json, "projection");
    check_javascript(shared_.settings, "projection", projection->get());
  }
  const int64_t most = shared_.settings.max_documents;
  const bool limited = args.has("limit");
  const int64_t limit = args.integer_or("limit", most, 1, most);
  const int64_t skip = args.integer_or("skip", 0, 0, kMostSkip);
  args.done();

  const Session session(shared_, collection, call);
  const BsonPtr options = session.options();
  append_optional(options.get(), "sort", sort);
  append_optional(options.get(), "projection", projection);
  // One more than may be answered tells whether that was all.
  bson_append_int64(options.get(), "limit", -1, limited ? limit : most + 1);
  if (skip > 0) bson_append_int64(options.get(), "skip", -1, skip);
  const BsonPtr everything(bson_new());
  const CursorPtr cursor(mongoc_collection_find_with_opts(
      session.collection(), filter ? filter->get() : everything.get(), options.get(), nullptr));
  return documents(session, cursor.get(), limit,
                   "'limit' (with 'sort' and 'skip'), 'projection' or a narrower 'filter'");
}

std::string Mongo::count(std::string_view payload, const Pending& call) {
  Args args(payload);
  const std::string collection = collection_of(args);
  const auto filter = filter_of(args);
  args.done();

  const Session session(shared_, collection, call);
  const BsonPtr options = session.options();
  const BsonPtr everything(bson_new());
  bson_error_t error{};
  const int64_t count = mongoc_collection_count_documents(session.collection(),
                                                          filter ? filter->get() : everything.get(),
                                                          options.get(), nullptr, nullptr, &error);
  if (count < 0) session.fail(error);
  return std::to_string(count);
}

std::string Mongo::aggregate(std::string_view payload, const Pending& call) {
  Args args(payload);
  const std::string collection = collection_of(args);
  const BsonPtr pipeline = from_json(array(args, "pipeline", "stages"), "pipeline", Orders::kRead);
  const bool writes = check_pipeline(shared_.settings, pipeline.get());
  const int64_t most = shared_.settings.max_documents;
  const bool limited = args.has("limit");
  const int64_t limit = args.integer_or("limit", most, 1, most);
  args.done();
  if (limited && writes) throw Failure("'limit' is of the answer, and $out and $merge have none");
  if (!writes) append_limit(pipeline.get(), limited ? limit : most + 1);

  const Session session(shared_, collection, call);
  const BsonPtr options = session.options();
  const CursorPtr cursor(mongoc_collection_aggregate(session.collection(), MONGOC_QUERY_NONE,
                                                     pipeline.get(), options.get(), nullptr));
  return documents(session, cursor.get(), limit,
                   "'limit', or the stages $match, $limit or $project");
}

// As a JSON array: all, or a Failure.
std::string Mongo::documents(const Session& session, mongoc_cursor_t* cursor, int64_t most,
                             const char* advice) const {
  const size_t room = shared_.settings.max_bytes - 1;  // the last bracket
  std::string json = "[";
  const bson_t* document = nullptr;
  for (int64_t count = 0; mongoc_cursor_next(cursor, &document); ++count) {
    if (count % kBetweenChecks == 0) session.check();
    if (count == most)
      throw Failure("more than " + std::to_string(most) + " documents for one answer: use " +
                    advice);
    if (count > 0) json += ',';
    if (!append_json(json, document, room))
      throw Failure("more than " + std::to_string(shared_.settings.max_bytes) +
                    " bytes for one answer: use " + advice);
  }
  bson_error_t error{};
  if (mongoc_cursor_error(cursor, &error)) session.fail(error);
  return json + ']';
}

}  // namespace sluice::plugin::mongo
