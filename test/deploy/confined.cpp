// confined FILE COMMAND [ARGUMENT…]: runs the command under what systemd makes of a unit's
// SystemCallFilter, SystemCallErrorNumber=EPERM, MemoryDenyWriteExecute and NoNewPrivileges. FILE
// holds the names of the allowed system calls, one a line; the unknown ones belong to other
// machines.
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

namespace {

using Filter = std::unique_ptr<void, void (*)(scmp_filter_ctx)>;

bool allow(scmp_filter_ctx filter, int call) {
  constexpr unsigned kWriteExec = PROT_WRITE | PROT_EXEC;
  if (call == SCMP_SYS(mmap)) {
    for (const unsigned granted : {0u, unsigned{PROT_WRITE}, unsigned{PROT_EXEC}})
      if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                           SCMP_A2(SCMP_CMP_MASKED_EQ, kWriteExec, granted)) != 0)
        return false;
    return true;
  }
  if (call == SCMP_SYS(mprotect))
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
  // Its flags lie in memory, where RestrictNamespaces cannot look: systemd says that there is no
  // such call, and the C library takes clone.
  if (call == SCMP_SYS(clone3))
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0) == 0;
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
}

bool confine(std::istream& names) {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), seccomp_release);
  if (filter == nullptr) return false;
  for (std::string name; std::getline(names, name);) {
    const int call = seccomp_syscall_resolve_name(name.c_str());
    if (call >= 0 && !allow(filter.get(), call)) return false;
  }
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && seccomp_load(filter.get()) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: confined FILE COMMAND [ARGUMENT…]\n", stderr);
    return 2;
  }
  std::ifstream names(argv[1]);
  if (!names || !confine(names)) {
    std::fprintf(stderr, "confined: cannot apply %s\n", argv[1]);
    return 2;
  }
  execvp(argv[2], argv + 2);
  std::fprintf(stderr, "confined: %s: %s\n", argv[2], std::strerror(errno));
  return 2;
}
