// The database file: made, recognized, or refused.
#pragma once

#include <cstdint>
#include <string>

#include "plugins/kv/database.h"

namespace sluice::kv {

struct FileOptions {
  std::string path;
  std::string vfs;        // for tests; empty: the system's
  bool sync_full = true;  // a commit is on disk when it returns; else a loss of power may undo it
  int64_t max_bytes = 0;  // of the file, without its write-ahead log
};

// Makes the file when it is missing, for its owner alone, and the tables in it; checks it else. A
// file that is damaged, is no store of this plugin, or comes from a later release is refused:
// throws Failure, which names it. Several processes may do so at once.
Database open_for_writing(const FileOptions& options);

// A file that open_for_writing() has opened. Throws SqliteError.
Database open_for_reading(const FileOptions& options);

}  // namespace sluice::kv
