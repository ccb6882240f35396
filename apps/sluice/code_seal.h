// The seal on the bytecode in the store, with the key that the settings name.
#pragma once

#include "base/config/settings.h"
#include "base/log.h"
#include "base/result.h"
#include "base/seal.h"

namespace sluice {

// With Store { key } or { key_file } that one. Without: an embedded store has a key of its own,
// `code.key` beside the database, made when there is none; call this while the database is open,
// which keeps other servers out of its folder. Data in memory has one for its time. A database that
// others share has none then, and the log says what follows from that. kInvalid: the file holds no
// key.
Result<Seal> seal_of(const Settings& settings, Log& log);

}  // namespace sluice
