// BSON to relaxed extended JSON, within a bound.
#pragma once

#include <cstddef>
#include <string>

#include "plugins/mongo/handles.h"

namespace sluice::plugin::mongo {

// Appends the document to `out`. False: it would be longer than `most` then, and `out` is as it
// was. Throws Failure when the document cannot be shown, as its text is no UTF-8.
bool append_json(std::string& out, const bson_t* document, size_t most);

// An _id as actions get it: an ObjectId as the text of its 24 hexadecimal digits, everything else
// as in append_json().
std::string id_json(const bson_iter_t& id);

}  // namespace sluice::plugin::mongo
