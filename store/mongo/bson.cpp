#include "store/mongo/bson.h"

#include <cstring>

namespace sluice::mongo {
namespace {

int length(std::string_view name) {
  return static_cast<int>(name.size());
}

}  // namespace

// ── writing ──

Bson& Bson::text(std::string_view name, std::string_view value) {
  if (!bson_utf8_validate(value.data(), value.size(), true)) return bytes(name, value);
  bson_append_utf8(document_.get(), name.data(), length(name), value.data(),
                   static_cast<int>(value.size()));
  return *this;
}

Bson& Bson::bytes(std::string_view name, std::string_view value) {
  bson_append_binary(document_.get(), name.data(), length(name), BSON_SUBTYPE_BINARY,
                     reinterpret_cast<const uint8_t*>(value.data()),
                     static_cast<uint32_t>(value.size()));
  return *this;
}

Bson& Bson::uuid(std::string_view name, const Uuid& value) {
  bson_append_binary(document_.get(), name.data(), length(name), BSON_SUBTYPE_UUID,
                     value.bytes.data(), static_cast<uint32_t>(value.bytes.size()));
  return *this;
}

Bson& Bson::hash(std::string_view name, const Sha256& value) {
  bson_append_binary(document_.get(), name.data(), length(name), BSON_SUBTYPE_BINARY,
                     value.bytes.data(), static_cast<uint32_t>(value.bytes.size()));
  return *this;
}

Bson& Bson::time(std::string_view name, WallTime value) {
  bson_append_date_time(document_.get(), name.data(), length(name),
                        value.time_since_epoch().count());
  return *this;
}

Bson& Bson::number(std::string_view name, int64_t value) {
  bson_append_int64(document_.get(), name.data(), length(name), value);
  return *this;
}

Bson& Bson::flag(std::string_view name, bool value) {
  bson_append_bool(document_.get(), name.data(), length(name), value);
  return *this;
}

Bson& Bson::document(std::string_view name, const Bson& value) {
  bson_append_document(document_.get(), name.data(), length(name), value.get());
  return *this;
}

Bson& Bson::array(std::string_view name, std::span<const Bson> values) {
  bson_t array;
  bson_append_array_begin(document_.get(), name.data(), length(name), &array);
  char buffer[16];
  for (uint32_t i = 0; i < values.size(); ++i) {
    const char* key = nullptr;
    const size_t size = bson_uint32_to_string(i, &key, buffer, sizeof buffer);
    bson_append_document(&array, key, static_cast<int>(size), values[i].get());
  }
  bson_append_array_end(document_.get(), &array);
  return *this;
}

Bson& Bson::uuids(std::string_view name, const std::vector<Uuid>& values) {
  bson_t array;
  bson_append_array_begin(document_.get(), name.data(), length(name), &array);
  char buffer[16];
  for (uint32_t i = 0; i < values.size(); ++i) {
    const char* key = nullptr;
    const size_t size = bson_uint32_to_string(i, &key, buffer, sizeof buffer);
    bson_append_binary(&array, key, static_cast<int>(size), BSON_SUBTYPE_UUID,
                       values[i].bytes.data(), static_cast<uint32_t>(values[i].bytes.size()));
  }
  bson_append_array_end(document_.get(), &array);
  return *this;
}

Bson& Bson::texts(std::string_view name, const std::vector<std::string>& values) {
  Bson array;
  for (size_t i = 0; i < values.size(); ++i) array.text(std::to_string(i), values[i]);
  bson_append_array(document_.get(), name.data(), length(name), array.get());
  return *this;
}

Bson& Bson::append(const Bson& other) {
  bson_concat(document_.get(), other.get());
  return *this;
}

// ── reading ──

namespace {

// Of bytes in their number; anything else is none.
template <class T>
T fixed(std::string_view bytes) {
  T value;
  if (bytes.size() == value.bytes.size())
    std::memcpy(value.bytes.data(), bytes.data(), bytes.size());
  return value;
}

}  // namespace

std::string_view Field::raw() const {
  uint32_t size = 0;
  if (BSON_ITER_HOLDS_UTF8(&at_)) {
    const char* text = bson_iter_utf8(&at_, &size);
    return {text, size};
  }
  if (BSON_ITER_HOLDS_BINARY(&at_)) {
    const uint8_t* bytes = nullptr;
    bson_subtype_t subtype;
    bson_iter_binary(&at_, &subtype, &size, &bytes);
    return {reinterpret_cast<const char*>(bytes), size};
  }
  return {};
}

std::string Field::text() const {
  return std::string(raw());
}

Uuid Field::uuid() const {
  return fixed<Uuid>(raw());
}

Sha256 Field::hash() const {
  return fixed<Sha256>(raw());
}

WallTime Field::time() const {
  return BSON_ITER_HOLDS_DATE_TIME(&at_) ? WallTime(Millis(bson_iter_date_time(&at_))) : WallTime{};
}

int64_t Field::number() const {
  return BSON_ITER_HOLDS_NUMBER(&at_) ? bson_iter_as_int64(&at_) : 0;
}

bool Field::flag() const {
  return BSON_ITER_HOLDS_BOOL(&at_) && bson_iter_bool(&at_);
}

std::optional<Field> field_of(const bson_t* document, const char* path) {
  bson_iter_t at, found;
  if (!bson_iter_init(&at, document) || !bson_iter_find_descendant(&at, path, &found))
    return std::nullopt;
  return Field(found);
}

}  // namespace sluice::mongo
