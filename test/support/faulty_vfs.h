// A file system for SQLite that fails when told to; else it is the system's.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace sluice::test {

class FaultyVfs {
 public:
  FaultyVfs();   // registers itself under name()
  ~FaultyVfs();  // every file opened through it has been closed
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  const std::string& name() const { return name_; }

  // From any thread, at any time.
  std::atomic<bool> disk_is_full{false};  // writes fail
  std::atomic<bool> syncs_fail{false};
  std::atomic<uint64_t> syncs{0};  // that succeeded

 private:
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out);

  std::string name_;
  sqlite3_vfs* system_;
  sqlite3_vfs vfs_;
};

}  // namespace sluice::test
