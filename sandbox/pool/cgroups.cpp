#include "sandbox/pool/cgroups.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace sluice::sandbox {
namespace {

constexpr char kServer[] = "/server";

Error not_delegated(std::string why) {
  return Error{sluice::Code::kUnavailable, "cgroups", std::move(why)};
}

// A control file takes one write, and answers it by an error of its own.
Status write_to(const std::string& file, const std::string& text) {
  const int fd = open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const ssize_t written = fd < 0 ? -1 : write(fd, text.data(), text.size());
  const int error = errno;
  if (fd >= 0) close(fd);
  if (written == static_cast<ssize_t>(text.size())) return Ok{};
  return not_delegated(file + ": " + std::strerror(error));
}

std::string contents(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

bool has_word(const std::string& text, const std::string& wanted) {
  std::istringstream words(text);
  for (std::string word; words >> word;)
    if (word == wanted) return true;
  return false;
}

// The line "0::/system.slice/sluice.service" is version 2's.
Result<std::string> own_group(const Cgroups::Place& place) {
  std::istringstream lines(contents(place.membership));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("0::/")) return line.substr(3) == "/" ? std::string() : line.substr(3);
  return not_delegated("this system has no cgroups of version 2");
}

}  // namespace

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  std::swap(folder_, other.folder_);
  return *this;
}

Cgroup::~Cgroup() {
  if (!folder_.empty()) rmdir(folder_.c_str());
}

Result<Cgroups> Cgroups::open(const Place& place) {
  const auto group = own_group(place);
  if (!group.ok()) return group.error();
  std::string folder = place.root + *group;
  if (folder.ends_with(kServer)) folder.resize(folder.size() - std::strlen(kServer));  // again

  // The whole machine's group has no type, and is nobody's to divide.
  if (access((folder + "/cgroup.type").c_str(), R_OK) != 0 ||
      !has_word(contents(folder + "/cgroup.controllers"), "memory") ||
      access((folder + "/cgroup.procs").c_str(), W_OK) != 0 ||
      access((folder + "/cgroup.subtree_control").c_str(), W_OK) != 0)
    return not_delegated("no part of the cgroup tree with its memory controller is this server's");
  if (mkdir((folder + kServer).c_str(), 0755) != 0 && errno != EEXIST)
    return not_delegated(folder + kServer + ": " + std::strerror(errno));
  if (Status moved = write_to(folder + kServer + "/cgroup.procs", std::to_string(getpid()));
      !moved.ok())
    return moved.error();
  // Refused while other processes are in the group: it is not this server's alone.
  if (Status enabled = write_to(folder + "/cgroup.subtree_control", "+memory"); !enabled.ok()) {
    (void)write_to(folder + "/cgroup.procs", std::to_string(getpid()));
    rmdir((folder + kServer).c_str());
    return enabled.error();
  }
  return Cgroups(folder);
}

Result<Cgroup> Cgroups::put(pid_t pid, uint64_t bytes) const {
  const std::string folder = folder_ + "/worker-" + std::to_string(pid);
  if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
    return not_delegated(folder + ": " + std::strerror(errno));
  Cgroup group(folder);
  if (Status limited = write_to(folder + "/memory.max", std::to_string(bytes)); !limited.ok())
    return limited.error();
  // Where the kernel counts swap. Without it a worker could grow there.
  (void)write_to(folder + "/memory.swap.max", "0");
  if (Status moved = write_to(folder + "/cgroup.procs", std::to_string(pid)); !moved.ok())
    return moved.error();
  return group;
}

}  // namespace sluice::sandbox
