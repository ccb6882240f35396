// Actions that change what is in a collection.
#include <utility>
#include <vector>

#include "plugins/mongo/from_json.h"
#include "plugins/mongo/mongo.h"
#include "plugins/mongo/policy.h"
#include "plugins/mongo/to_json.h"

namespace sluice::plugin::mongo {
namespace {

// A document with an _id, and that _id as the action gets it.
struct Identified {
  BsonPtr document;
  std::string id;
};

Identified identified(const bson_t* document) {
  bson_iter_t at;
  Identified made{BsonPtr(bson_new()), {}};
  if (!bson_iter_init_find(&at, document, "_id")) {
    bson_oid_t id;
    bson_oid_init(&id, nullptr);
    bson_append_oid(made.document.get(), "_id", -1, &id);
  }
  bson_concat(made.document.get(), document);
  if (bson_iter_init_find(&at, made.document.get(), "_id")) made.id = id_json(at);
  return made;
}

// The documents of an array that from_json() read.
std::vector<Identified> identified_each(const bson_t* array) {
  std::vector<Identified> all;
  bson_iter_t at;
  if (!bson_iter_init(&at, array)) throw Failure("'data' cannot be read");
  while (bson_iter_next(&at)) {
    const uint8_t* bytes = nullptr;
    uint32_t size = 0;
    bson_t document;
    const bool object = BSON_ITER_HOLDS_DOCUMENT(&at);
    if (object) {
      bson_iter_document(&at, &size, &bytes);
    } else if (BSON_ITER_HOLDS_ARRAY(&at)) {
      bson_iter_array(&at, &size, &bytes);
    }
    if (bytes == nullptr || !bson_init_static(&document, bytes, size) ||
        (!object && !bson_empty(&document)))
      throw Failure("'data'." + std::string(bson_iter_key(&at)) +
                    " must be an object, to become a document");
    all.push_back(identified(&document));
  }
  return all;
}

int64_t number_of(const bson_t* reply, const char* key) {
  bson_iter_t at;
  return bson_iter_init_find(&at, reply, key) && BSON_ITER_HOLDS_NUMBER(&at)
             ? bson_iter_as_int64(&at)
             : 0;
}

// The first that fails ends it: its index is how many were inserted.
int64_t first_failed(const bson_t* reply) {
  bson_iter_t at, index;
  if (bson_iter_init(&at, reply) && bson_iter_find_descendant(&at, "writeErrors.0.index", &index))
    return bson_iter_as_int64(&index);
  return number_of(reply, "insertedCount");
}

// What from_json() made needs no second look; and MongoDB itself takes a field without a name.
BsonPtr insert_options(const Session& session) {
  BsonPtr options = session.options();
  bson_append_bool(options.get(), "validate", -1, false);
  return options;
}

enum class Change { kOperators, kReplacement };

Change change_of(const bson_t* update) {
  size_t operators = 0, fields = 0;
  bson_iter_t at;
  if (!bson_iter_init(&at, update)) throw Failure("'update' cannot be read");
  while (bson_iter_next(&at)) ++(bson_iter_key(&at)[0] == '$' ? operators : fields);
  if (operators + fields == 0)
    throw Failure(
        "'update' is empty: it must hold operators such as {[\"$set\"]={…}}, or the whole new "
        "document");
  if (operators > 0 && fields > 0)
    throw Failure(
        "'update' must hold either operators such as {[\"$set\"]={…}} alone, or the whole new "
        "document");
  return operators > 0 ? Change::kOperators : Change::kReplacement;
}

// What $pull takes is a query; all else in an update is data.
void check_pull(const Settings& settings, const bson_t* update) {
  bson_iter_t at;
  if (!bson_iter_init_find(&at, update, "$pull") || !BSON_ITER_HOLDS_DOCUMENT(&at)) return;
  const uint8_t* bytes = nullptr;
  uint32_t size = 0;
  bson_t inner;
  bson_iter_document(&at, &size, &bytes);
  if (bson_init_static(&inner, bytes, size)) check_javascript(settings, "update", &inner);
}

// The driver's own functions for updates would put maxTimeMS beside the filter, where MongoDB
// refuses it.
BsonPtr update_command(const std::string& collection, const bson_t* filter, const bson_t* update,
                       bool many, bool upsert) {
  BsonPtr command(bson_new());
  bson_t statements, statement;
  bson_append_utf8(command.get(), "update", -1, collection.c_str(),
                   static_cast<int>(collection.size()));
  bson_append_array_begin(command.get(), "updates", -1, &statements);
  bson_append_document_begin(&statements, "0", -1, &statement);
  const bool complete = bson_append_document(&statement, "q", -1, filter) &&
                        bson_append_document(&statement, "u", -1, update) &&
                        bson_append_bool(&statement, "multi", -1, many) &&
                        bson_append_bool(&statement, "upsert", -1, upsert);
  bson_append_document_end(&statements, &statement);
  bson_append_array_end(command.get(), &statements);
  if (!complete) throw Failure("'update' is too large");
  return command;
}

// Of a command that MongoDB took but could not carry out. False: it could.
bool read_write_error(const bson_t* reply, bson_error_t* error) {
  for (const char* path : {"writeErrors.0", "writeConcernError"}) {
    bson_iter_t at, found, code, message;
    if (!bson_iter_init(&at, reply) || !bson_iter_find_descendant(&at, path, &found)) continue;
    const bool coded = bson_iter_recurse(&found, &code) && bson_iter_find(&code, "code");
    const bool told = bson_iter_recurse(&found, &message) && bson_iter_find(&message, "errmsg") &&
                      BSON_ITER_HOLDS_UTF8(&message);
    bson_set_error(error, MONGOC_ERROR_SERVER,
                   coded ? static_cast<uint32_t>(bson_iter_as_int64(&code)) : 0, "%s",
                   told ? bson_iter_utf8(&message, nullptr) : "the update failed");
    return true;
  }
  return false;
}

}  // namespace

std::string Mongo::insert(std::string_view payload, const Pending& call) {
  Args args(payload);
  const std::string collection = collection_of(args);
  const auto data = args.json("data");
  if (data.front() == '[' && data != "[]")
    throw Failure(
        "'data' must be an object, the document; for an array of them there is insert_many");
  const auto object = *optional_object(args, "data");
  args.done();
  const Identified made = identified(from_json(object, "data").get());
  if (made.id.size() > shared_.settings.max_bytes)
    throw Failure("'data'._id is too long to be answered");

  const Session session(shared_, collection, call);
  bson_error_t error{};
  if (!mongoc_collection_insert_one(session.collection(), made.document.get(),
                                    insert_options(session).get(), nullptr, &error))
    session.fail(error);
  return made.id;
}

std::string Mongo::insert_many(std::string_view payload, const Pending& call) {
  Args args(payload);
  const std::string collection = collection_of(args);
  const BsonPtr data = from_json(array(args, "data", "objects, the documents"), "data");
  args.done();
  const std::vector<Identified> all = identified_each(data.get());
  if (all.empty()) return "[]";
  if (static_cast<int64_t>(all.size()) > shared_.settings.max_documents)
    throw Failure("'data' has " + std::to_string(all.size()) + " documents; at most " +
                  std::to_string(shared_.settings.max_documents) + " at a time");
  std::string ids = "[";
  std::vector<const bson_t*> documents;
  for (const Identified& one : all) {
    if (ids.size() > 1) ids += ',';
    ids += one.id;
    documents.push_back(one.document.get());
  }
  ids += ']';
  if (ids.size() > shared_.settings.max_bytes)
    throw Failure("'data' has too many documents, or too long an _id: their ids are more than " +
                  std::to_string(shared_.settings.max_bytes) + " bytes for one answer");

  const Session session(shared_, collection, call);
  Reply reply;
  bson_error_t error{};
  if (mongoc_collection_insert_many(session.collection(), documents.data(), documents.size(),
                                    insert_options(session).get(), reply.get(), &error))
    return ids;
  if (is_trouble(error)) session.fail(error);
  const int64_t inserted = first_failed(reply.get());
  throw Failure(message_of(error) + "; of " + std::to_string(all.size()) + " documents the first " +
                std::to_string(inserted) + " were inserted");
}

std::string Mongo::update(std::string_view payload, const Pending& call) {
  Args args(payload);
  const std::string collection = collection_of(args);
  const bool many = args.flag("many", false);
  const bool upsert = args.flag("upsert", false);
  const BsonPtr filter = needed_filter_of(args, many);
  const std::string json = args.object("update");
  args.done();
  BsonPtr update = from_json(json, "update");
  const Change change = change_of(update.get());
  if (change == Change::kReplacement && many)
    throw Failure(
        "'update' is a whole new document, which cannot replace many: use operators such as "
        "{[\"$set\"]={…}}");
  if (change == Change::kOperators) {
    update = from_json(json, "update", Orders::kRead);
    check_pull(shared_.settings, update.get());
  }

  const Session session(shared_, collection, call);
  const BsonPtr command = update_command(collection, filter.get(), update.get(), many, upsert);
  Reply reply;
  bson_error_t error{};
  if (!mongoc_collection_write_command_with_opts(session.collection(), command.get(),
                                                 session.options().get(), reply.get(), &error) ||
      read_write_error(reply.get(), &error))
    session.fail(error);
  // Its n counts what an upsert made as well.
  bson_iter_t at, made;
  const bool upserted =
      bson_iter_init(&at, reply.get()) && bson_iter_find_descendant(&at, "upserted.0._id", &made);
  const int64_t matched = number_of(reply.get(), "n") - (upserted ? 1 : 0);
  std::string answer = "{\"matched\":" + std::to_string(matched) +
                       ",\"modified\":" + std::to_string(number_of(reply.get(), "nModified"));
  if (upserted) answer += ",\"upserted_id\":" + id_json(made);
  return answer + '}';
}

std::string Mongo::remove(std::string_view payload, const Pending& call) {
  Args args(payload);
  const std::string collection = collection_of(args);
  const bool many = args.flag("many", false);
  const BsonPtr filter = needed_filter_of(args, many);
  args.done();

  const Session session(shared_, collection, call);
  const auto carry_out = many ? mongoc_collection_delete_many : mongoc_collection_delete_one;
  Reply reply;
  bson_error_t error{};
  if (!carry_out(session.collection(), filter.get(), session.options().get(), reply.get(), &error))
    session.fail(error);
  return "{\"deleted\":" + std::to_string(number_of(reply.get(), "deletedCount")) + '}';
}

}  // namespace sluice::plugin::mongo
