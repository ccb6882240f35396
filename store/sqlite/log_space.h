// Room for the write-ahead log, made before it is needed.
//
// Syncing a file that has grown makes the file system write its journal too, which doubles the
// price of a commit (on ext4 here 250 µs against 130). So the log is filled with zeros once, at the
// start; SQLite takes what does not carry the current salt for the end of the log, and overwrites
// it in place from then on. The checkpointer keeps the log from growing beyond it.
#pragma once

#include <cstdint>
#include <string>

#include "base/log.h"
#include "store/sqlite/database.h"

namespace sluice::sqlite {

inline constexpr int64_t kLogBytes = 8 << 20;

// Empties the log and gives it its room. Nothing else may use the database meanwhile. A small disk
// keeps its space: the log then grows as it must.
void reserve_log_space(Database& database, const std::string& database_path, Log& log);

}  // namespace sluice::sqlite
