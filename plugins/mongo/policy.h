// What Lua code may name and ask for. Everything throws Failure, and says what would be right.
#pragma once

#include <string>
#include <string_view>

#include "plugins/mongo/handles.h"
#include "plugins/mongo/settings.h"

namespace sluice::plugin::mongo {

// A name that MongoDB takes for a collection and that is not one of its own. `key`: where it was
// given.
void check_collection_name(std::string_view key, std::string_view name);

// The same, and one that the configuration allows.
void check_collection(const Settings& settings, std::string_view key, std::string_view name);

// Refuses JavaScript ($where, $function, $accumulator, values of the type code) at any depth,
// unless the configuration allows it. `key`: what of the payload the document is.
void check_javascript(const Settings& settings, std::string_view key, const bson_t* document);

// An array of stages, all the way down: known stages only, in collections that are allowed, without
// JavaScript. Answers whether the last one writes ($out, $merge) and the pipeline hence has no
// documents to answer.
bool check_pipeline(const Settings& settings, const bson_t* pipeline);

}  // namespace sluice::plugin::mongo
