#include "plugins/mongo/from_json.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "plugins/mongo/shown.h"
#include "sluice/plugin.hpp"

namespace sluice::plugin::mongo {
namespace {

namespace dom = simdjson::dom;

constexpr int kMostDepth = 100;  // MongoDB's own
constexpr size_t kLongestPath = 200;

// An object whose keys are all of one of these is a single value.
constexpr auto kValues = std::to_array<std::string_view>(
    {"$oid", "$date", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$binary",
     "$uuid", "$regularExpression", "$timestamp", "$minKey", "$maxKey", "$code", "$undefined",
     "$symbol", "$dbPointer"});

bool is_value(dom::object object) {
  const size_t size = object.size();
  if (size == 0 || size > 2) return false;
  const std::string_view first = (*object.begin()).key;
  if (size == 1) return std::find(kValues.begin(), kValues.end(), first) != kValues.end();
  dom::element code, scope, bytes, type;
  if (object["$code"].get(code) == simdjson::SUCCESS &&
      object["$scope"].get(scope) == simdjson::SUCCESS)
    return true;
  return object["$binary"].get(bytes) == simdjson::SUCCESS &&
         object["$type"].get(type) == simdjson::SUCCESS;
}

class Reader {
 public:
  Reader(std::string_view what, Orders orders)
      : path_("'" + std::string(what) + "'"), orders_(orders) {}

  void fields(bson_t* into, dom::object object) {
    const Deeper deeper(*this);
    for (const dom::key_value_pair field : object) {
      if (field.key.find('\0') != std::string_view::npos) refuse("a key has a zero byte");
      const Step step(*this, field.key);
      value(into, field.key, field.value);
    }
  }

  void items(bson_t* into, dom::array array) {
    const Deeper deeper(*this);
    char buffer[16];
    uint32_t index = 0;
    for (const dom::element item : array) {
      const char* key = nullptr;
      const size_t size = bson_uint32_to_string(index++, &key, buffer, sizeof buffer);
      const Step step(*this, {key, size});
      value(into, {key, size}, item);
    }
  }

  void order(bson_t* into, dom::element value) {
    dom::array array;
    if (value.get(array) != simdjson::SUCCESS) return order_of_one(into, value);
    for (const dom::element one : array) order_of_one(into, one);
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Failure(shown(path_, kLongestPath) + ": " + why);
  }

 private:
  struct Deeper {
    explicit Deeper(Reader& reader) : reader(reader) {
      if (++reader.depth_ > kMostDepth) reader.refuse("nested deeper than 100");
    }
    ~Deeper() { --reader.depth_; }
    Reader& reader;
  };

  // Where we are, for errors.
  struct Step {
    Step(Reader& reader, std::string_view key) : reader(reader), before(reader.path_.size()) {
      if (before <= kLongestPath) reader.path_.append(".").append(key.substr(0, kLongestPath + 1));
    }
    ~Step() { reader.path_.resize(before); }
    Reader& reader;
    const size_t before;
  };

  void need(bool appended) const {
    if (!appended) refuse("too large");
  }

  void value(bson_t* into, std::string_view key, dom::element value) {
    const auto size = static_cast<int>(key.size());
    switch (value.type()) {
      case dom::element_type::OBJECT:
        return object(into, key, value);
      case dom::element_type::ARRAY: {
        if (orders_ == Orders::kRead && key == "$sort") return nested_order(into, key, value);
        bson_t inner;
        need(bson_append_array_begin(into, key.data(), size, &inner));
        items(&inner, dom::array(value));
        return need(bson_append_array_end(into, &inner));
      }
      case dom::element_type::STRING: {
        const std::string_view text = std::string_view(value);
        return need(
            bson_append_utf8(into, key.data(), size, text.data(), static_cast<int>(text.size())));
      }
      case dom::element_type::INT64: {
        const int64_t number = int64_t(value);
        if (number >= INT32_MIN && number <= INT32_MAX)
          return need(bson_append_int32(into, key.data(), size, static_cast<int32_t>(number)));
        return need(bson_append_int64(into, key.data(), size, number));
      }
      case dom::element_type::UINT64:
        refuse(
            "a whole number must be at most 9223372036854775807; beyond that use "
            "{[\"$numberDecimal\"]=\"…\"}");
      case dom::element_type::DOUBLE:
        return need(bson_append_double(into, key.data(), size, double(value)));
      case dom::element_type::BOOL:
        return need(bson_append_bool(into, key.data(), size, bool(value)));
      case dom::element_type::NULL_VALUE:
        return need(bson_append_null(into, key.data(), size));
    }
  }

  void object(bson_t* into, std::string_view key, dom::element value) {
    if (orders_ == Orders::kRead && key == "$sort") return nested_order(into, key, value);
    const dom::object object(value);
    if (is_value(object)) return extended(into, key, object);
    bson_t inner;
    need(bson_append_document_begin(into, key.data(), static_cast<int>(key.size()), &inner));
    fields(&inner, object);
    need(bson_append_document_end(into, &inner));
  }

  // {"$date": …} and its like: libbson knows them.
  void extended(bson_t* into, std::string_view key, dom::object object) {
    const std::string text = "{\"v\":" + simdjson::minify(object) + "}";
    bson_error_t error{};
    const BsonPtr read(bson_new_from_json(reinterpret_cast<const uint8_t*>(text.data()),
                                          static_cast<ssize_t>(text.size()), &error));
    bson_iter_t at;
    if (!read || !bson_iter_init_find(&at, read.get(), "v")) refuse(error.message);
    need(bson_append_iter(into, key.data(), static_cast<int>(key.size()), &at));
  }

  void nested_order(bson_t* into, std::string_view key, dom::element value) {
    bson_t inner;
    need(bson_append_document_begin(into, key.data(), static_cast<int>(key.size()), &inner));
    order(&inner, value);
    need(bson_append_document_end(into, &inner));
  }

  void order_of_one(bson_t* into, dom::element value) {
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS)
      refuse("must be an object such as {age=-1}, or an array of them for several fields");
    if (object.size() > 1)
      refuse(
          "a Lua table keeps no order of several fields: write an array such as {{age=-1}, "
          "{name=1}}");
    fields(into, object);
  }

  std::string path_;
  const Orders orders_;
  int depth_ = 0;
};

dom::element parse(dom::parser& parser, std::string_view json, const Reader& reader) {
  dom::element root;
  const auto error = parser.parse(json.data(), json.size()).get(root);
  if (error != simdjson::SUCCESS) reader.refuse(simdjson::error_message(error));
  return root;
}

}  // namespace

BsonPtr from_json(std::string_view json, std::string_view what, Orders orders) {
  Reader reader(what, orders);
  dom::parser parser;
  const dom::element root = parse(parser, json, reader);
  BsonPtr document(bson_new());
  dom::array array;
  dom::object object;
  if (root.get(array) == simdjson::SUCCESS) {
    reader.items(document.get(), array);
  } else if (root.get(object) == simdjson::SUCCESS) {
    reader.fields(document.get(), object);
  } else {
    reader.refuse("must be an object");
  }
  return document;
}

BsonPtr order_from_json(std::string_view json, std::string_view what) {
  Reader reader(what, Orders::kAsTheyAre);
  dom::parser parser;
  BsonPtr document(bson_new());
  reader.order(document.get(), parse(parser, json, reader));
  return document;
}

}  // namespace sluice::plugin::mongo
