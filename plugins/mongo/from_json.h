// JSON to BSON: extended JSON (canonical, relaxed) where an object is nothing but such a value,
// everything else as it is.
//
// libbson's own reader also takes older forms, and with them refuses queries: {["$type"]=2} for it
// is half of a binary value,
// {["$regex"]="^A", ["$ne"]="Ann"} a regular expression with a wrong key. Here both stay what they
// are for the server, and libbson reads only the single values.
#pragma once

#include <string>
#include <string_view>

#include "plugins/mongo/handles.h"

namespace sluice::plugin::mongo {

enum class Orders { kAsTheyAre, kRead };

// Of an object; also of an array, which becomes {"0": …}. Integers are exact, those beyond 64 bits
// refused. `what` names it in errors: "'filter'.age.$gt: …". With Orders::kRead each "$sort", at
// any depth, is read as order_from_json() reads it. Throws Failure.
BsonPtr from_json(std::string_view json, std::string_view what, Orders orders = Orders::kAsTheyAre);

// What to sort by: {"age": -1}, or [{"age": -1}, {"name": 1}] for several, as Lua tables keep no
// order.
BsonPtr order_from_json(std::string_view json, std::string_view what);

}  // namespace sluice::plugin::mongo
