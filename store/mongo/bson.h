// BSON, written and read in the few types that our documents have. Field names are always ours;
// what users gave is only ever a value.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "store/mongo/handles.h"

namespace sluice::mongo {

// A document being written. Each call appends one field and returns the document.
class Bson {
 public:
  Bson() : document_(bson_new()) {}

  Bson& text(const char* name, std::string_view value);   // UTF-8; anything else becomes bytes
  Bson& bytes(const char* name, std::string_view value);  // binary
  Bson& uuid(const char* name, const Uuid& value);        // binary, subtype 4
  Bson& hash(const char* name, const Sha256& value);      // binary
  Bson& time(const char* name, WallTime value);
  Bson& number(const char* name, int64_t value);
  Bson& flag(const char* name, bool value);
  Bson& document(const char* name, const Bson& value);
  Bson& array(const char* name, std::span<const Bson> values);
  Bson& uuids(const char* name, const std::vector<Uuid>& values);  // an array

  bool empty() const { return bson_empty(document_.get()); }
  size_t size() const { return document_->len; }
  const bson_t* get() const { return document_.get(); }
  Bson& append(const Bson& other);  // all its fields

 private:
  BsonPtr document_;
};

// A field being read. What has another type than asked for reads as empty, or 0.
class Field {
 public:
  explicit Field(const bson_iter_t& at) : at_(at) {}

  std::string_view name() const { return bson_iter_key(&at_); }
  std::string text() const;  // of UTF-8 or bytes
  Uuid uuid() const;
  Sha256 hash() const;
  WallTime time() const;
  int64_t number() const;
  bool flag() const;
  void each(const std::function<void(const Field&)>& see) const;  // of a document or an array

 private:
  std::string_view raw() const;

  bson_iter_t at_;
};

// Calls `see` with each field of `document`.
void each_field(const bson_t* document, const std::function<void(const Field&)>& see);

// One field, by its name or its dotted path.
std::optional<Field> field_of(const bson_t* document, const char* path);

}  // namespace sluice::mongo
