// The folder that holds the database, locked for one process at a time.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice::sqlite {

class DataFolder {
 public:
  // Makes the folder, and those above it, where there is none, and locks it. kConflict, naming the
  // process, when another holds it.
  static Result<DataFolder> lock(const std::string& path);

  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&& other) noexcept;
  ~DataFolder();  // unlocks; so does the kernel when the process ends, however it ends

  std::string path_of(const std::string& file_name) const { return path_ + "/" + file_name; }

 private:
  DataFolder(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace sluice::sqlite
