#include "test/support/faulty_vfs.h"

#include <cstdio>

namespace sluice::test {
namespace {

// What SQLite allocates for each file: this, and behind it the system's own.
struct FaultyFile {
  sqlite3_file base;
  FaultyVfs* owner;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

FaultyFile* faulty(sqlite3_file* file) {
  return reinterpret_cast<FaultyFile*>(file);
}

// Forwards a method of the same name to the system's file.
template <auto Method, class... Args>
auto forward(sqlite3_file* file, Args... args) {
  sqlite3_file* real = faulty(file)->real();
  return (real->pMethods->*Method)(real, args...);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  if (faulty(file)->owner->disk_is_full) return SQLITE_FULL;
  return forward<&sqlite3_io_methods::xWrite>(file, bytes, size, offset);
}

int sync(sqlite3_file* file, int flags) {
  FaultyVfs& owner = *faulty(file)->owner;
  if (owner.syncs_fail) return SQLITE_IOERR_FSYNC;
  ++owner.syncs;
  return forward<&sqlite3_io_methods::xSync>(file, flags);
}

constexpr sqlite3_io_methods kMethods = {
    2,  // with shared memory, which WAL needs; without memory-mapped reads
    [](sqlite3_file* file) { return forward<&sqlite3_io_methods::xClose>(file); },
    [](sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
      return forward<&sqlite3_io_methods::xRead>(file, to, size, offset);
    },
    write,
    [](sqlite3_file* file, sqlite3_int64 size) {
      return forward<&sqlite3_io_methods::xTruncate>(file, size);
    },
    sync,
    [](sqlite3_file* file, sqlite3_int64* size) {
      return forward<&sqlite3_io_methods::xFileSize>(file, size);
    },
    [](sqlite3_file* file, int level) { return forward<&sqlite3_io_methods::xLock>(file, level); },
    [](sqlite3_file* file, int level) {
      return forward<&sqlite3_io_methods::xUnlock>(file, level);
    },
    [](sqlite3_file* file, int* out) {
      return forward<&sqlite3_io_methods::xCheckReservedLock>(file, out);
    },
    [](sqlite3_file* file, int operation, void* argument) {
      return forward<&sqlite3_io_methods::xFileControl>(file, operation, argument);
    },
    [](sqlite3_file* file) { return forward<&sqlite3_io_methods::xSectorSize>(file); },
    [](sqlite3_file* file) { return forward<&sqlite3_io_methods::xDeviceCharacteristics>(file); },
    [](sqlite3_file* file, int page, int size, int extend, void volatile** out) {
      return forward<&sqlite3_io_methods::xShmMap>(file, page, size, extend, out);
    },
    [](sqlite3_file* file, int offset, int count, int flags) {
      return forward<&sqlite3_io_methods::xShmLock>(file, offset, count, flags);
    },
    [](sqlite3_file* file) { forward<&sqlite3_io_methods::xShmBarrier>(file); },
    [](sqlite3_file* file, int remove) {
      return forward<&sqlite3_io_methods::xShmUnmap>(file, remove);
    },
    nullptr,
    nullptr,
};

}  // namespace

FaultyVfs::FaultyVfs() : system_(sqlite3_vfs_find(nullptr)), vfs_(*system_) {
  char name[64];
  std::snprintf(name, sizeof name, "faulty-%p", static_cast<void*>(this));
  name_ = name;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.pNext = nullptr;
  vfs_.szOsFile = static_cast<int>(sizeof(FaultyFile)) + system_->szOsFile;
  vfs_.xOpen = open;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&vfs_);
}

int FaultyVfs::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
  auto& self = *static_cast<FaultyVfs*>(vfs->pAppData);
  FaultyFile* made = faulty(file);
  made->owner = &self;
  const int rc = self.system_->xOpen(self.system_, path, made->real(), flags, out);
  made->base.pMethods = made->real()->pMethods ? &kMethods : nullptr;
  return rc;
}

}  // namespace sluice::test
