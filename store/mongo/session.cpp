#include "store/mongo/session.h"

#include <span>
#include <utility>

namespace sluice::mongo {
namespace {

constexpr int kDuplicateKey = 11000;

// A primary that steps down, shuts down, is full or not there yet; and what could not be met in
// time.
bool may_pass(uint32_t code) {
  switch (code) {
    case 6:      // HostUnreachable
    case 7:      // HostNotFound
    case 64:     // WriteConcernFailed
    case 89:     // NetworkTimeout
    case 91:     // ShutdownInProgress
    case 133:    // FailedToSatisfyReadPreference
    case 134:    // ReadConcernMajorityNotAvailableYet
    case 189:    // PrimarySteppedDown
    case 262:    // ExceededTimeLimit
    case 9001:   // SocketException
    case 10107:  // NotWritablePrimary
    case 11600:  // InterruptedAtShutdown
    case 11602:  // InterruptedDueToReplStateChange
    case 13435:  // NotPrimaryNoSecondaryOk
    case 13436:  // NotPrimaryOrSecondary
    case 14031:  // OutOfDiskSpace
      return true;
    default:
      return false;
  }
}

Error error_of(const bson_error_t& error) {
  const bool network =
      error.domain == MONGOC_ERROR_STREAM || error.domain == MONGOC_ERROR_SERVER_SELECTION ||
      error.domain == MONGOC_ERROR_CLIENT ||  // authentication: an operator mends it
      error.domain == MONGOC_ERROR_PROTOCOL || may_pass(error.code);
  return {network ? Code::kUnavailable : Code::kInternal, "mongodb", error.message};
}

Bson write_concern() {
  Bson concern;
  concern.text("w", "majority").flag("j", true);
  return concern;
}

Bson statement_document(const UpdateStatement& statement) {
  Bson document(statement.query.size() + statement.update.size() + 64);
  document.document("q", statement.query).document("u", statement.update);
  if (statement.multi) document.flag("multi", true);
  if (statement.upsert) document.flag("upsert", true);
  return document;
}

// Where the command that begins at `first` ends.
size_t end_of_batch(const std::vector<Bson>& documents, size_t first) {
  size_t bytes = 0, end = first;
  while (end < documents.size() && end - first < kMaxStatements) {
    bytes += documents[end].size();
    if (end > first && bytes > kMaxCommandBytes) break;
    ++end;
  }
  return end;
}

// An empty command with room for `documents`.
Bson command_for(std::span<const Bson> documents) {
  constexpr size_t kAround = 512, kKey = 16;
  size_t bytes = kAround;
  for (const Bson& document : documents) bytes += document.size() + kKey;
  return Bson(bytes);
}

}  // namespace

Status Session::command(const Bson& command, const std::function<void(const bson_t*)>& read) {
  bson_t reply;
  bson_error_t error{};
  const bool ok = mongoc_client_command_simple(client_.get(), database_.c_str(), command.get(),
                                               nullptr, &reply, &error);
  if (ok && read) read(&reply);
  bson_destroy(&reply);
  return ok ? Status() : Status(error_of(error));
}

Result<Written> Session::write(const Bson& command, size_t first) {
  Written written;
  Status concern;
  const Status done = this->command(command, [&](const bson_t* reply) {
    if (const auto n = field_of(reply, "n")) written.matched = n->number();
    if (const auto errors = field_of(reply, "writeErrors")) {
      errors->each([&](const Field& failure) {
        Written::Failure one{0, false, ""};
        failure.each([&](const Field& field) {
          if (field.name() == "index") one.index = first + static_cast<size_t>(field.number());
          if (field.name() == "code") one.duplicate = field.number() == kDuplicateKey;
          if (field.name() == "errmsg") one.message = field.text();
        });
        written.failures.push_back(std::move(one));
      });
    }
    if (const auto failed = field_of(reply, "writeConcernError.errmsg"))
      concern = Error{Code::kUnavailable, "mongodb", "not written durably: " + failed->text()};
  });
  if (!done.ok()) return done.error();
  if (!concern.ok()) return concern.error();
  return written;
}

Result<Written> Session::write_all(const char* command, const char* collection, const char* what,
                                   const std::vector<Bson>& documents) {
  Written all;
  for (size_t first = 0; first < documents.size();) {
    const size_t end = end_of_batch(documents, first);
    const auto part = std::span(documents).subspan(first, end - first);
    Bson words = command_for(part);
    words.text(command, collection)
        .array(what, part)
        .flag("ordered", false)
        .document("writeConcern", write_concern());
    auto written = write(words, first);
    if (!written.ok()) return written.error();
    all.matched += written->matched;
    std::move(written->failures.begin(), written->failures.end(), std::back_inserter(all.failures));
    first = end;
  }
  return all;
}

Result<Written> Session::insert(const char* collection, const std::vector<Bson>& documents) {
  return write_all("insert", collection, "documents", documents);
}

Result<Written> Session::update(const char* collection,
                                const std::vector<UpdateStatement>& statements) {
  std::vector<Bson> documents;
  documents.reserve(statements.size());
  for (const UpdateStatement& statement : statements)
    documents.push_back(statement_document(statement));
  return write_all("update", collection, "updates", documents);
}

Result<int64_t> Session::remove(const char* collection, const Bson& query) {
  std::vector<Bson> deletes(1);
  deletes[0].document("q", query).number("limit", 0);
  const auto written = write_all("delete", collection, "deletes", deletes);
  if (!written.ok()) return written.error();
  return written->matched;
}

Status Session::find(const char* collection, const Bson& query, const FindOptions& options,
                     const std::function<void(const bson_t*)>& see) {
  const CollectionPtr from(
      mongoc_client_get_collection(client_.get(), database_.c_str(), collection));
  Bson how;
  if (options.sort) how.document("sort", *options.sort);
  if (options.projection) how.document("projection", *options.projection);
  if (options.limit > 0) how.number("limit", options.limit);
  const CursorPtr cursor(
      mongoc_collection_find_with_opts(from.get(), query.get(), how.get(), nullptr));
  const bson_t* document = nullptr;
  while (mongoc_cursor_next(cursor.get(), &document)) see(document);
  bson_error_t error{};
  return mongoc_cursor_error(cursor.get(), &error) ? Status(error_of(error)) : Status();
}

Status Session::aggregate(const char* collection, const std::vector<Bson>& pipeline,
                          const std::function<void(const bson_t*)>& see) {
  const CollectionPtr from(
      mongoc_client_get_collection(client_.get(), database_.c_str(), collection));
  Bson stages;
  stages.array("pipeline", pipeline);
  const CursorPtr cursor(
      mongoc_collection_aggregate(from.get(), MONGOC_QUERY_NONE, stages.get(), nullptr, nullptr));
  const bson_t* document = nullptr;
  while (mongoc_cursor_next(cursor.get(), &document)) see(document);
  bson_error_t error{};
  return mongoc_cursor_error(cursor.get(), &error) ? Status(error_of(error)) : Status();
}

}  // namespace sluice::mongo
