// The only place that owns objects of mongo-c-driver. No other folder includes its headers.
#pragma once

#include <mongoc/mongoc.h>

#include <memory>

namespace sluice::mongo {

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

// A client, given back to its pool at the end.
class PooledClient {
 public:
  explicit PooledClient(mongoc_client_pool_t* pool)
      : pool_(pool), client_(mongoc_client_pool_pop(pool)) {}
  ~PooledClient() { mongoc_client_pool_push(pool_, client_); }
  PooledClient(const PooledClient&) = delete;
  PooledClient& operator=(const PooledClient&) = delete;

  mongoc_client_t* get() const { return client_; }

 private:
  mongoc_client_pool_t* pool_;
  mongoc_client_t* client_;
};

}  // namespace sluice::mongo
