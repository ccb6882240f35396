#include "cli/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>

namespace sluice::cli {
namespace {

Error file_error(const char* verb, const std::string& path, const std::string& why) {
  return {Code::kInvalid, "", std::string("cannot ") + verb + " " + path + ": " + why};
}

Result<std::string> read_stream(std::istream& in, const std::string& name) {
  std::string content;
  char buffer[65536];
  while (in.read(buffer, sizeof buffer) || in.gcount() > 0) {
    content.append(buffer, static_cast<size_t>(in.gcount()));
    if (content.size() > kMaxFileBytes)
      return file_error("read", name,
                        "larger than " + std::to_string(kMaxFileBytes >> 20) + " MiB");
  }
  if (in.bad()) return file_error("read", name, "input error");
  return content;
}

// What a link at `path` points to, so that replacing keeps the link; `path` itself otherwise.
std::string behind_links(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? real.get() : path;
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    content.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::istream& standard_input) {
  if (path == "-") return read_stream(standard_input, "standard input");
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return file_error("read", path, std::strerror(errno));
  if (S_ISDIR(info.st_mode)) return file_error("read", path, "it is a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return file_error("read", path, std::strerror(errno));
  return read_stream(file, path);
}

Status replace_file(const std::string& path, std::string_view content) {
  const std::string target = behind_links(path);
  std::string draft = target + ".XXXXXX";
  const int fd = mkstemp(draft.data());  // mode 0600
  if (fd < 0) return file_error("write", path, std::strerror(errno));
  const bool written = write_all(fd, content);
  const bool closed = close(fd) == 0;
  if (written && closed && std::rename(draft.c_str(), target.c_str()) == 0) return Ok{};
  const int why = errno;
  unlink(draft.c_str());
  return file_error("write", path, std::strerror(why));
}

}  // namespace sluice::cli
