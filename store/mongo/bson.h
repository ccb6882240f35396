// BSON, written and read in the few types that our documents have. Field names are always ours;
// what users gave is only ever a value.
#pragma once

#include <algorithm>
#include <cstdint>
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
  // `bytes`: about as large as it will be, where it is more than a few fields; it grows by itself.
  explicit Bson(size_t bytes = 0)
      : document_(bytes > 0 ? bson_sized_new(std::max(bytes, kLeast)) : bson_new()) {}

  Bson& text(std::string_view name, std::string_view value);   // UTF-8; anything else becomes bytes
  Bson& bytes(std::string_view name, std::string_view value);  // binary
  Bson& uuid(std::string_view name, const Uuid& value);        // binary, subtype 4
  Bson& hash(std::string_view name, const Sha256& value);      // binary
  Bson& time(std::string_view name, WallTime value);
  Bson& number(std::string_view name, int64_t value);
  Bson& flag(std::string_view name, bool value);
  Bson& document(std::string_view name, const Bson& value);
  Bson& array(std::string_view name, std::span<const Bson> values);
  Bson& uuids(std::string_view name, const std::vector<Uuid>& values);  // an array

  Bson& texts(std::string_view name, const std::vector<std::string>& values);  // likewise

  bool empty() const { return bson_empty(document_.get()); }
  size_t size() const { return document_->len; }
  const bson_t* get() const { return document_.get(); }
  Bson& append(const Bson& other);  // all its fields

 private:
  static constexpr size_t kLeast = 128;
  BsonPtr document_;
};

// A field being read. What has another type than asked for reads as empty, or 0.
class Field {
 public:
  explicit Field(const bson_iter_t& at) : at_(at) {}

  std::string_view name() const { return {bson_iter_key(&at_), bson_iter_key_len(&at_)}; }
  std::string text() const;  // of UTF-8 or bytes
  Uuid uuid() const;
  Sha256 hash() const;
  WallTime time() const;
  int64_t number() const;
  bool flag() const;
  template <class See>
  void each(See see) const;  // of a document or an array

 private:
  std::string_view raw() const;

  bson_iter_t at_;
};

template <class See>
void Field::each(See see) const {
  bson_iter_t inner;
  if (!BSON_ITER_HOLDS_DOCUMENT(&at_) && !BSON_ITER_HOLDS_ARRAY(&at_)) return;
  if (!bson_iter_recurse(&at_, &inner)) return;
  while (bson_iter_next(&inner)) see(Field(inner));
}

// Calls `see` with each field of `document`.
template <class See>
void each_field(const bson_t* document, See see) {
  bson_iter_t at;
  if (!bson_iter_init(&at, document)) return;
  while (bson_iter_next(&at)) see(Field(at));
}

// One field, by its name or its dotted path.
std::optional<Field> field_of(const bson_t* document, const char* path);

}  // namespace sluice::mongo
