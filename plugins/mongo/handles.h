// The only place of this plugin that owns objects of mongo-c-driver.
#pragma once

#include <mongoc/mongoc.h>

#include <memory>

namespace sluice::plugin::mongo {

struct FreeBson {
  void operator()(bson_t* document) const { bson_destroy(document); }
};
using BsonPtr = std::unique_ptr<bson_t, FreeBson>;

struct FreeUri {
  void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
};
using UriPtr = std::unique_ptr<mongoc_uri_t, FreeUri>;

struct FreePool {
  void operator()(mongoc_client_pool_t* pool) const { mongoc_client_pool_destroy(pool); }
};
using PoolPtr = std::unique_ptr<mongoc_client_pool_t, FreePool>;

struct FreeCollection {
  void operator()(mongoc_collection_t* collection) const { mongoc_collection_destroy(collection); }
};
using CollectionPtr = std::unique_ptr<mongoc_collection_t, FreeCollection>;

struct FreeCursor {
  void operator()(mongoc_cursor_t* cursor) const { mongoc_cursor_destroy(cursor); }
};
using CursorPtr = std::unique_ptr<mongoc_cursor_t, FreeCursor>;

struct FreeJsonOptions {
  void operator()(bson_json_opts_t* options) const { bson_json_opts_destroy(options); }
};
using JsonOptionsPtr = std::unique_ptr<bson_json_opts_t, FreeJsonOptions>;

struct FreeText {
  void operator()(char* text) const { bson_free(text); }
};
using TextPtr = std::unique_ptr<char, FreeText>;

// What the driver writes into whether it succeeds or not.
class Reply {
 public:
  Reply() = default;
  ~Reply() { bson_destroy(&document_); }
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  bson_t* get() { return &document_; }

 private:
  bson_t document_ = BSON_INITIALIZER;
};

// A client, given back to its pool at the end.
class PooledClient {
 public:
  // Never waits: where all clients are taken there is none (get() is nullptr).
  explicit PooledClient(mongoc_client_pool_t* pool)
      : pool_(pool), client_(mongoc_client_pool_try_pop(pool)) {}
  ~PooledClient() {
    if (client_ != nullptr) mongoc_client_pool_push(pool_, client_);
  }
  PooledClient(const PooledClient&) = delete;
  PooledClient& operator=(const PooledClient&) = delete;

  mongoc_client_t* get() const { return client_; }

 private:
  mongoc_client_pool_t* pool_;
  mongoc_client_t* client_;
};

}  // namespace sluice::plugin::mongo
