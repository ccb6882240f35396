#include "sandbox/worker/landlock.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace sluice::sandbox {
namespace {

// struct landlock_ruleset_attr as of version 6 of the interface; the headers here may be older than
// the kernel. Each version added rights, or a field.
struct Rules {
  uint64_t files;
  uint64_t network;  // since 4
  uint64_t scoped;   // since 6: abstract sockets and signals to the outside
};

constexpr uint64_t first_bits(int count) {
  return (uint64_t{1} << count) - 1;
}

constexpr uint64_t file_rights(long version) {
  if (version >= 5) return first_bits(16);  // and device controls
  if (version >= 3) return first_bits(15);  // and truncating
  if (version >= 2) return first_bits(14);  // and linking elsewhere
  return first_bits(13);
}

size_t size_of_rules(long version) {
  return sizeof(uint64_t) * (version >= 6 ? 3 : version >= 4 ? 2 : 1);
}

Layer without(int error) {
  return {"landlock", false, std::string("the kernel refuses it: ") + std::strerror(error)};
}

}  // namespace

Layer forbid_all_with_landlock() {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return without(errno);
  const Rules rules = {file_rights(version), first_bits(2), first_bits(2)};
  const long ruleset = syscall(SYS_landlock_create_ruleset, &rules, size_of_rules(version), 0);
  if (ruleset < 0) return without(errno);
  const long rc = syscall(SYS_landlock_restrict_self, ruleset, 0);
  const int error = errno;
  close(static_cast<int>(ruleset));
  if (rc != 0) return without(error);
  return {"landlock", true,
          version >= 6   ? "no file, no TCP port, no signal to the outside"
          : version >= 4 ? "no file, no TCP port"
                         : "no file"};
}

}  // namespace sluice::sandbox
