#include "store/sqlite/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace sluice::sqlite {
namespace {

Error failed(const std::string& what, int error) {
  return {Code::kUnavailable, "store.open", what + ": " + std::strerror(error)};
}

std::string holder_of(int descriptor) {
  char text[32] = {};
  const ssize_t length = pread(descriptor, text, sizeof text - 1, 0);
  const long pid = length > 0 ? std::strtol(text, nullptr, 10) : 0;
  return pid > 0 ? "process " + std::to_string(pid) : "another process";
}

}  // namespace

Result<DataFolder> DataFolder::lock(const std::string& path) {
  std::error_code error;
  // What is in it concerns its owner alone: sources, payloads, results.
  if (std::filesystem::create_directories(path, error))
    std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (error) return failed("cannot make the data folder '" + path + "'", error.value());

  const std::string file = path + "/lock";
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return failed("cannot open '" + file + "'", errno);
  DataFolder folder(path, descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed("cannot lock '" + file + "'", errno);
    return Error{Code::kConflict, "store.open",
                 "the data folder '" + path + "' is in use by " + holder_of(descriptor)};
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  // Only for the message above: a full disk is no reason not to start.
  if (ftruncate(descriptor, 0) == 0) (void)!pwrite(descriptor, pid.data(), pid.size(), 0);
  return folder;
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

DataFolder& DataFolder::operator=(DataFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

DataFolder::~DataFolder() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace sluice::sqlite
