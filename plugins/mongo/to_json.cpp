#include "plugins/mongo/to_json.h"

#include <simdjson.h>

#include <climits>

#include "plugins/support/args.h"
#include "sluice/plugin.hpp"

namespace sluice::plugin::mongo {
namespace {

// libbson writes spaces: never more than what they stand between.
size_t with_spaces(size_t most) {
  return 2 * most + 16;
}

}  // namespace

bool append_json(std::string& out, const bson_t* document, size_t most) {
  const size_t before = out.size();
  if (before >= most) return false;
  const size_t room = most - before;
  const size_t asked = std::min<size_t>(with_spaces(room), INT32_MAX);
  const JsonOptionsPtr options(
      bson_json_opts_new(BSON_JSON_MODE_RELAXED, static_cast<int32_t>(asked)));
  size_t size = 0;
  const TextPtr text(bson_as_json_with_opts(document, &size, options.get()));
  if (!text)
    throw Failure("a document cannot be shown: it is damaged, or has text that is not UTF-8");
  if (size >= asked) return false;  // cut

  out.resize(before + size + simdjson::SIMDJSON_PADDING);
  size_t written = 0;
  if (simdjson::minify(text.get(), size, out.data() + before, written) != simdjson::SUCCESS)
    throw Failure("a document cannot be shown as JSON");
  if (written > room) {
    out.resize(before);
    return false;
  }
  out.resize(before + written);
  return true;
}

std::string id_json(const bson_iter_t& id) {
  if (BSON_ITER_HOLDS_OID(&id)) {
    char text[25];
    bson_oid_to_string(bson_iter_oid(&id), text);
    return quote(text);
  }
  const BsonPtr alone(bson_new());
  bson_append_iter(alone.get(), "", 0, &id);
  std::string json;
  append_json(json, alone.get(), INT32_MAX / 4);
  return json.substr(4, json.size() - 5);  // what stands in {"":…}
}

}  // namespace sluice::plugin::mongo
