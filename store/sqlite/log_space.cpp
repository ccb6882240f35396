#include "store/sqlite/log_space.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace sluice::sqlite {
namespace {

constexpr int64_t kFreeSpaceNeeded = 16 * kLogBytes;

bool has_space(const std::string& path) {
  struct statvfs disk {};
  return statvfs(path.c_str(), &disk) == 0 &&
         static_cast<int64_t>(disk.f_bavail) * static_cast<int64_t>(disk.f_frsize) >=
             kFreeSpaceNeeded;
}

bool fill_with_zeros(int file) {
  const std::vector<char> zeros(256 << 10, '\0');
  for (int64_t at = 0; at < kLogBytes;) {
    const size_t length = static_cast<size_t>(std::min<int64_t>(kLogBytes - at, zeros.size()));
    const ssize_t written = pwrite(file, zeros.data(), length, at);
    if (written <= 0) return false;
    at += written;
  }
  return fsync(file) == 0;
}

}  // namespace

void reserve_log_space(Database& database, const std::string& database_path, Log& log) {
  const std::string path = database_path + "-wal";
  if (!has_space(database_path)) return;
  if (!database.execute("PRAGMA wal_checkpoint(TRUNCATE)", "sqlite.checkpoint")) return;
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return;  // a file system of the tests' own
  if (lseek(file, 0, SEEK_END) == 0 && !fill_with_zeros(file)) {
    log.warn("No room could be made for the write-ahead log: commits will be slower");
    (void)!ftruncate(file, 0);
  }
  close(file);
}

}  // namespace sluice::sqlite
