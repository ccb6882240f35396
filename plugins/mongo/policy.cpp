#include "plugins/mongo/policy.h"

#include <algorithm>
#include <array>

#include "plugins/mongo/shown.h"
#include "sluice/plugin.hpp"

namespace sluice::plugin::mongo {
namespace {

// Of database and collection together MongoDB takes 255 bytes; older ones 120.
constexpr size_t kLongestCollection = 120;

// What reads documents of the collections it names, and changes none: others ask for the server's
// state ($currentOp, $collStats, $listSessions), or never end ($changeStream).
constexpr auto kStages = std::to_array<std::string_view>(
    {"$addFields",       "$bucket",      "$bucketAuto", "$count",       "$densify",    "$documents",
     "$facet",           "$fill",        "$geoNear",    "$graphLookup", "$group",      "$limit",
     "$lookup",          "$match",       "$merge",      "$out",         "$project",    "$redact",
     "$replaceRoot",     "$replaceWith", "$sample",     "$search",      "$searchMeta", "$set",
     "$setWindowFields", "$skip",        "$sort",       "$sortByCount", "$unionWith",  "$unset",
     "$unwind",          "$vectorSearch"});

std::string quoted(std::string_view text) {
  return "'" + shown(text, kLongestCollection) + "'";
}

std::string_view key_of(const bson_iter_t& at) {
  return {bson_iter_key(&at), bson_iter_key_len(&at)};
}

bool is_javascript(const bson_iter_t& at) {
  const std::string_view key = key_of(at);
  return key == "$where" || key == "$function" || key == "$accumulator" ||
         BSON_ITER_HOLDS_CODE(&at) || BSON_ITER_HOLDS_CODEWSCOPE(&at);
}

// Depth is bounded by what from_json() takes.
bool has_javascript(const bson_iter_t& from) {
  bson_iter_t at = from;
  while (bson_iter_next(&at)) {
    if (is_javascript(at)) return true;
    bson_iter_t inner;
    if ((BSON_ITER_HOLDS_DOCUMENT(&at) || BSON_ITER_HOLDS_ARRAY(&at)) &&
        bson_iter_recurse(&at, &inner) && has_javascript(inner))
      return true;
  }
  return false;
}

class Pipeline {
 public:
  explicit Pipeline(const Settings& settings) : settings_(settings) {}

  // Answers whether the last stage writes.
  bool check(const bson_iter_t& from, bool nested) {
    bson_iter_t stages = from;
    bool writes = false;
    while (bson_iter_next(&stages)) {
      bson_iter_t stage;
      if (!BSON_ITER_HOLDS_DOCUMENT(&stages) || !bson_iter_recurse(&stages, &stage) ||
          !bson_iter_next(&stage))
        throw Failure(
            "'pipeline' must hold stages, each an object with one key such as {[\"$match\"]={…}}");
      bson_iter_t second = stage;
      if (bson_iter_next(&second))
        throw Failure("'pipeline': a stage has one key, not " + quoted(key_of(stage)) + " and " +
                      quoted(key_of(second)) + " as well");
      if (writes) throw Failure("'pipeline': nothing can follow $out or $merge");
      writes = check_stage(stage, nested);
    }
    return writes;
  }

 private:
  bool check_stage(const bson_iter_t& stage, bool nested) {
    const std::string_view name = key_of(stage);
    if (std::find(kStages.begin(), kStages.end(), name) == kStages.end())
      throw Failure("'pipeline': the stage " + quoted(name) + " is unknown or not offered");
    if (name == "$out" || name == "$merge") {
      check_target(stage, name, nested);
      return true;
    }
    if (name == "$lookup" || name == "$graphLookup") check_parts(stage, name, "from");
    if (name == "$unionWith") {
      if (BSON_ITER_HOLDS_UTF8(&stage)) {
        check_name(stage, name);
      } else {
        check_parts(stage, name, "coll");
      }
    }
    if (name == "$facet") each_part(stage, [&](const bson_iter_t& part) { check_nested(part); });
    return false;
  }

  // Stages that write: only where the configuration says so, and only into this database.
  void check_target(const bson_iter_t& stage, std::string_view name, bool nested) {
    if (!settings_.allow_out)
      throw Failure(
          "'pipeline': " + std::string(name) +
          " writes into a collection; the server's configuration does not allow that (allow_out)");
    if (nested)
      throw Failure("'pipeline': " + std::string(name) + " can only be the last stage of all");
    if (BSON_ITER_HOLDS_UTF8(&stage)) return check_name(stage, name);
    bool named = false;
    each_part(stage, [&](const bson_iter_t& part) {
      const std::string_view key = key_of(part);
      if (key == "into" && BSON_ITER_HOLDS_DOCUMENT(&part)) {
        each_part(part, [&](const bson_iter_t& inner) { named |= check_place(inner, name); });
      } else if (key == "into") {
        check_name(part, name);
        named = true;
      } else if (name == "$out") {
        named |= check_place(part, name);
      } else if (key == "whenMatched" && BSON_ITER_HOLDS_ARRAY(&part)) {
        check_nested(part);
      }
    });
    if (!named)
      throw Failure("'pipeline': " + std::string(name) + " needs the name of a collection");
  }

  // {db, coll}. Answers whether it is the collection.
  bool check_place(const bson_iter_t& part, std::string_view stage) {
    const std::string_view key = key_of(part);
    if (key == "coll") {
      check_name(part, stage);
      return true;
    }
    if (key == "db" && BSON_ITER_HOLDS_UTF8(&part) && text_of(part) == settings_.database)
      return false;
    throw Failure("'pipeline': " + std::string(stage) +
                  " can only name a collection of this database, as a text");
  }

  // A stage that names another collection, and may have a pipeline of its own for it.
  void check_parts(const bson_iter_t& stage, std::string_view name, std::string_view collection) {
    each_part(stage, [&](const bson_iter_t& part) {
      const std::string_view key = key_of(part);
      if (key == collection) check_name(part, name);
      if (key == "pipeline") check_nested(part);
    });
  }

  void check_nested(const bson_iter_t& part) {
    bson_iter_t stages;
    if (!BSON_ITER_HOLDS_ARRAY(&part) || !bson_iter_recurse(&part, &stages))
      throw Failure("'pipeline': " + quoted(key_of(part)) + " must be an array of stages");
    check(stages, true);
  }

  void check_name(const bson_iter_t& at, std::string_view stage) {
    if (!BSON_ITER_HOLDS_UTF8(&at))
      throw Failure("'pipeline': " + std::string(stage) +
                    " must name a collection of this database, as a text");
    check_collection(settings_, stage, text_of(at));
  }

  template <class See>
  void each_part(const bson_iter_t& at, See see) {
    bson_iter_t part;
    if (!BSON_ITER_HOLDS_DOCUMENT(&at) || !bson_iter_recurse(&at, &part))
      throw Failure("'pipeline': " + std::string(key_of(at)) + " must be an object");
    while (bson_iter_next(&part)) see(part);
  }

  static std::string_view text_of(const bson_iter_t& at) {
    uint32_t size = 0;
    const char* text = bson_iter_utf8(&at, &size);
    return {text, size};
  }

  const Settings& settings_;
};

}  // namespace

void check_collection_name(std::string_view key, std::string_view name) {
  const auto refuse = [&](const char* why) {
    throw Failure(quoted(key) + " must name a collection: " + why);
  };
  if (name.empty()) refuse("not an empty text");
  if (name.size() > kLongestCollection) refuse("in at most 120 bytes");
  if (name.find('$') != std::string_view::npos) refuse("without a '$'");
  const auto is_control = [](char byte) { return static_cast<unsigned char>(byte) < 0x20; };
  if (std::any_of(name.begin(), name.end(), is_control)) refuse("without control characters");
  if (name.substr(0, 7) == "system.") refuse("not one of MongoDB's own (system.…)");
  if (name.front() == '.' || name.back() == '.' || name.find("..") != std::string_view::npos)
    refuse("without a dot at its start or end, or two in a row");
}

void check_collection(const Settings& settings, std::string_view key, std::string_view name) {
  check_collection_name(key, name);
  const auto& allowed = settings.collections;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), name) == allowed.end())
    throw Failure(quoted(key) + ": the server's configuration does not allow the collection " +
                  quoted(name) + " (collections)");
}

void check_javascript(const Settings& settings, std::string_view key, const bson_t* document) {
  bson_iter_t at;
  if (settings.allow_javascript || !bson_iter_init(&at, document) || !has_javascript(at)) return;
  throw Failure(quoted(key) +
                " holds JavaScript ($where, $function, $accumulator or code), which the server's "
                "configuration does "
                "not allow (allow_javascript)");
}

bool check_pipeline(const Settings& settings, const bson_t* pipeline) {
  check_javascript(settings, "pipeline", pipeline);
  bson_iter_t stages;
  if (!bson_iter_init(&stages, pipeline)) throw Failure("'pipeline' cannot be read");
  return Pipeline(settings).check(stages, false);
}

}  // namespace sluice::plugin::mongo
